import type { EndpointView } from '../capabilities/catalog/index.ts';
import type { ToolCaller } from '../kernel/call.ts';
import type { OrgId, Principal } from '../kernel/principal.ts';
import { type Listing, type ListingDeps, listFor } from './listing.ts';
import { createPipeline, type PipelineDeps } from './pipeline.ts';

/** What surfaces need: to list and to call, both for a principal at an endpoint. */
export interface Gateway extends ToolCaller {
  list(principal: Principal, endpoint?: string): Listing;
  /** Everything behind an endpoint, before policy. Throws `UnknownEndpoint`. */
  view(org: OrgId, endpoint?: string): EndpointView;
}

export function createGateway(deps: PipelineDeps & ListingDeps): Gateway {
  const pipeline = createPipeline(deps);
  return {
    call: pipeline.call,
    view: (org, endpoint) => deps.endpoints.view(org, endpoint),
    list: (principal, endpoint) => listFor(deps, principal, endpoint),
  };
}
