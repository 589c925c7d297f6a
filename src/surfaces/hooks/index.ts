export { createHooksSurface } from './surface.ts';
