import type { EndpointView } from '../capabilities/catalog/index.ts';
import type { ToolCaller } from '../kernel/call.ts';
import type { OrgId, Principal } from '../kernel/principal.ts';
import { type Listing, type ListingDeps, type ListingOrigin, listFor } from './listing.ts';
import { createPipeline, type PipelineDeps } from './pipeline.ts';

/** What surfaces need: to list and to call, both for a principal at an endpoint. */
export interface Gateway extends ToolCaller {
  /** Resolves when no call runs any more, or after `withinMs`. */
  idle(withinMs: number): Promise<void>;
  list(principal: Principal, origin?: ListingOrigin): Listing;
  /** Everything behind an endpoint, before policy. Throws `UnknownEndpoint`. */
  view(org: OrgId, endpoint?: string): EndpointView;
}

export function createGateway(deps: PipelineDeps & ListingDeps): Gateway {
  const pipeline = createPipeline(deps);
  let running = 0;
  const waiting = new Set<() => void>();
  return {
    async call(request) {
      running++;
      try {
        return await pipeline.call(request);
      } finally {
        if (--running === 0) for (const resolve of waiting) resolve();
      }
    },
    async idle(withinMs) {
      if (running === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
      clearTimeout(timer);
    },
    view: (org, endpoint) => deps.endpoints.view(org, endpoint),
    list: (principal, origin = {}) => listFor(deps, principal, origin),
  };
}
