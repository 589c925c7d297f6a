export { restErrors } from './errors.ts';
export { createRest, type RestDeps } from './rest.ts';
