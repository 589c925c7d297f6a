export { type Catalog, type CatalogChange, createCatalog, type Taken } from './catalog.ts';
export type { ListedItems, ToolsetFacts } from './facts.ts';
export { catalogMigrations } from './migrations.ts';
export type { Refused } from './refused.ts';
export type { CatalogItem, CatalogSnapshot, ToolsetState } from './snapshot.ts';
export { purgeCatalog } from './store.ts';
export { type EndpointSelection, type EndpointView, type Named, viewOf } from './view.ts';
