export { restErrors } from './errors.ts';
export { createRest, restDocument } from './rest.ts';
