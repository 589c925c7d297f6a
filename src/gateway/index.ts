export { createEndpoints, type EndpointBook, type Endpoints } from './endpoints.ts';
export { Denied, gatewayErrors, UnknownEndpoint, UnknownTool } from './errors.ts';
export { createGateway, type Gateway } from './gateway.ts';
export type { Listing } from './listing.ts';
export { ownResources, statusUri } from './own.ts';
export type { PipelineDeps } from './pipeline.ts';
export { createSchemaChecks, type SchemaChecks } from './schemas.ts';
export type { CallState } from './stages/stage.ts';
export type { AuditTrail } from './trail.ts';
