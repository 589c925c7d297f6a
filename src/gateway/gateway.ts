import type { EndpointView } from '../capabilities/catalog/index.ts';
import type { ToolCaller } from '../kernel/call.ts';
import { createCrowd } from '../kernel/crowd.ts';
import { follow } from '../kernel/follow.ts';
import type { OrgId, Principal } from '../kernel/principal.ts';
import { CutOff } from './errors.ts';
import { createListings, type Listing, type ListingDeps, type ListingOrigin } from './listing.ts';
import { createPipeline, type PipelineDeps } from './pipeline.ts';

/** What surfaces need: to list and to call, both for a principal at an endpoint. */
export interface Gateway extends ToolCaller {
  /** Resolves when no call runs any more. What still runs after `withinMs` is cut off, and recorded as such. */
  idle(withinMs: number): Promise<void>;
  list(principal: Principal, origin?: ListingOrigin): Listing;
  /** Throws `UnknownEndpoint` for one that is not there, and alike for one that policy keeps from the principal. */
  enter(principal: Principal, origin: ListingOrigin): void;
  /** What models are to read about an endpoint first. Throws `UnknownEndpoint`. */
  instructions(org: OrgId, endpoint?: string): string | undefined;
  /** Everything behind an endpoint, before policy. Throws `UnknownEndpoint`. */
  view(org: OrgId, endpoint?: string): EndpointView;
}

/** A call that was cut off still has its end to record. */
const cutGraceMs = 5_000;

export function createGateway(deps: PipelineDeps & ListingDeps): Gateway {
  const pipeline = createPipeline(deps);
  const listings = createListings(deps);
  const running = createCrowd<AbortController>();
  const waiting = new Set<() => void>();

  const noneRuns = async (withinMs: number): Promise<boolean> => {
    if (running.size === 0) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    waiting.add(resolve);
    await promise;
    waiting.delete(resolve);
    clearTimeout(timer);
    return running.size === 0;
  };

  return {
    async call(request) {
      const cut = request.stop ?? new AbortController();
      const leave = running.enter(cut);
      const release = request.stop ? undefined : follow(request.signal, cut);
      try {
        return await pipeline.call(request.stop ? request : { ...request, signal: cut.signal });
      } finally {
        release?.();
        leave();
        if (running.size === 0) for (const resolve of waiting) resolve();
      }
    },
    async idle(withinMs) {
      if (await noneRuns(withinMs)) return;
      for (const cut of running) cut.abort(CutOff());
      await noneRuns(cutGraceMs);
    },
    view: (org, endpoint) => deps.endpoints.view(org, endpoint),
    instructions: (org, endpoint) => deps.endpoints.instructions(org, endpoint),
    list: (principal, origin = {}) => listings(principal, origin),
    enter(principal, origin) {
      const { endpoint } = origin;
      if (endpoint === undefined) return; // it is nobody's selection: there is nothing to keep anybody from
      if (listings(principal, origin).isClosed) throw deps.endpoints.unknown(principal.org, endpoint);
    },
  };
}
