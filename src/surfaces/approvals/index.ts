export { createApprovalsSurface } from './surface.ts';
