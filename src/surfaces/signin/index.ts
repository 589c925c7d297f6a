export { createSigninSurface } from './surface.ts';
