import { type Catalog, type EndpointView, viewOf } from '../capabilities/catalog/index.ts';
import type { EndpointSettings } from '../config/schema.ts';
import type { OrgId } from '../kernel/principal.ts';
import { UnknownEndpoint } from './errors.ts';

export interface Endpoints {
  /** The declared endpoint; undefined for none of that name. */
  get(name: string): EndpointSettings | undefined;
  declared(): Record<string, EndpointSettings>;
  /** What an organisation has behind an endpoint; throws `UnknownEndpoint`, also for another tenant's. */
  view(org: OrgId, name: string | undefined): EndpointView;
  /** Takes the declarations of a reloaded file. */
  redeclare(declared: Record<string, EndpointSettings>): void;
}

export function createEndpoints(catalog: Catalog, initially: Record<string, EndpointSettings>): Endpoints {
  let declared = initially;
  /** None of another organisation's. */
  const othersOf = (org: OrgId) => {
    const names = Object.keys(declared).filter((name) => declared[name]?.org === org);
    return names.length === 0 ? '' : `, or one of these: ${names.sort().join(', ')}`;
  };
  const get = (name: string) => (Object.hasOwn(declared, name) ? declared[name] : undefined);
  return {
    get,
    declared: () => declared,
    view(org, name) {
      const snapshot = catalog.snapshot(org);
      if (name === undefined) return viewOf(snapshot, { naming: 'prefixed' });
      const endpoint = get(name);
      if (!endpoint || endpoint.org !== org) throw UnknownEndpoint({ name, others: othersOf(org) });
      return viewOf(snapshot, { naming: endpoint.naming, toolsets: endpoint.toolsets });
    },
    redeclare(next) {
      declared = next;
    },
  };
}
