export { createEndpointBook, type Endpoint, type Endpoints } from './endpoints.ts';
export { endpointsErrors } from './errors.ts';
export { endpointsMigrations } from './migrations.ts';
export { purgeEndpoints } from './store.ts';
