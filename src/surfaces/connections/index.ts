export { type ConnectionsSurfaceDeps, createConnectionsSurface } from './surface.ts';
