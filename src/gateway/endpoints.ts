import { type Catalog, type EndpointView, viewOf } from '../capabilities/catalog/index.ts';
import type { EndpointSettings } from '../config/schema.ts';
import type { Principal } from '../kernel/principal.ts';
import { UnknownEndpoint } from './errors.ts';

export interface Endpoints {
  /** The declared endpoint; undefined for none of that name. */
  get(name: string): EndpointSettings | undefined;
  /** What a principal's organisation has behind an endpoint; throws `UnknownEndpoint`, also for another tenant's. */
  view(principal: Principal, name: string | undefined): EndpointView;
  /** Takes the declarations of a reloaded file. */
  redeclare(declared: Record<string, EndpointSettings>): void;
}

export function createEndpoints(catalog: Catalog, initially: Record<string, EndpointSettings>): Endpoints {
  let declared = initially;
  const get = (name: string) => (Object.hasOwn(declared, name) ? declared[name] : undefined);
  return {
    get,
    view(principal, name) {
      const snapshot = catalog.snapshot(principal.org);
      if (name === undefined) return viewOf(snapshot, { naming: 'prefixed' });
      const endpoint = get(name);
      if (!endpoint || endpoint.org !== principal.org) throw UnknownEndpoint({ name });
      return viewOf(snapshot, { naming: endpoint.naming, toolsets: endpoint.toolsets });
    },
    redeclare(next) {
      declared = next;
    },
  };
}
