import type { CatalogItem, EndpointView, Named, ToolsetState } from '../capabilities/catalog/index.ts';
import type { Surface } from '../kernel/call.ts';
import { approvalToolIds, ownToolset, type PseudoName } from '../kernel/names.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Tool } from '../kernel/tool.ts';
import type { Endpoints } from './endpoints.ts';
import { pseudoTool } from './pseudo.ts';

/** What one caller sees at one endpoint. */
export interface Listing {
  /** All that may be called. */
  tools: readonly Named<Tool>[];
  /** Those of them that a list holds; the others have to be searched. */
  listed: readonly Named<Tool>[];
  prompts: readonly Named<CatalogItem>[];
  resources: readonly Named<CatalogItem>[];
  templates: readonly Named<CatalogItem>[];
  instructions: readonly { toolset: string; text: string }[];
  /** Toolsets whose items are missing, left out or only remembered, with a reason fit for the caller. */
  incomplete: readonly { toolset: string; reason: string }[];
  view: EndpointView;
  /** Set where there is something, and policy keeps all of it from the caller. */
  isClosed: boolean;
}

/** By which way the caller came: policies may read it. */
export interface ListingOrigin {
  surface?: Surface;
  endpoint?: string;
  clientAddress?: string;
}

export interface ListingDeps {
  endpoints: Endpoints;
  /** Those of the tools that policy lets the principal see. */
  visible(principal: Principal, tools: readonly Tool[], origin: ListingOrigin): Tool[];
  /** Whether calls of an organisation may have to wait for consent. */
  asksConsent(org: string): boolean;
  /** Another number after each change of the rules. */
  rulesEpoch(): number;
}

const keptForMs = 1_000;
const keptPerView = 200;

interface Kept {
  listing: Listing;
  rules: number;
  until: number;
}

/**
 * Listings as `listFor` makes them, kept for a moment: clients list again and again, and with a policy that tells single
 * tools apart each of them is a decision. A change of the catalog or of the rules is seen at once.
 */
export function createListings(deps: ListingDeps) {
  const kept = new WeakMap<EndpointView, Map<string, Kept>>();
  return (principal: Principal, origin: ListingOrigin): Listing => {
    const view = deps.endpoints.view(principal.org, origin.endpoint);
    const ofView = kept.get(view) ?? new Map<string, Kept>();
    kept.set(view, ofView);
    const key = JSON.stringify([principal.id, principal.kind, principal.roles, origin]);
    const known = ofView.get(key);
    const rules = deps.rulesEpoch();
    if (known && known.rules === rules && known.until > Date.now()) return known.listing;
    const listing = listFor(deps, principal, origin);
    ofView.delete(key);
    if (ofView.size >= keptPerView) ofView.delete(ofView.keys().next().value ?? '');
    ofView.set(key, { listing, rules, until: Date.now() + keptForMs });
    return listing;
  };
}

/** Lists from memory what policy lets the principal see. Throws `UnknownEndpoint`. */
function listFor(
  { endpoints, visible, asksConsent }: ListingDeps,
  principal: Principal,
  origin: ListingOrigin,
): Listing {
  const view = endpoints.view(principal.org, origin.endpoint);
  const seen = new Set(
    visible(
      principal,
      view.tools.map(({ item }) => item),
      origin,
    ),
  );
  const tools = view.tools.filter(({ item }) => seen.has(item));
  const toolsetsWith = (name: PseudoName) => {
    const pseudo = view.toolsets.map(({ toolset }) => pseudoTool(principal.org, toolset, name));
    return new Set(visible(principal, pseudo, origin).map((tool) => tool.toolset));
  };
  // The ways to what waits for consent are no use where nothing does, nor to who could not come back for it.
  const needed = asksConsent(principal.org) || tools.some(({ item }) => item.consent);
  const isAsked = principal.kind !== 'anonymous' && needed;
  const foreign = (items: readonly Named<Tool>[]) => items.some(({ item }) => item.toolset !== ownToolset);
  const readable = toolsetsWith('@read');
  const promptable = toolsetsWith('@prompt');
  const { waiting } = view;
  const waitingHere = [
    ...visible(principal, waiting.tools, origin),
    ...waiting.prompts.filter(({ toolset }) => promptable.has(toolset)),
    ...waiting.resources.filter(({ toolset }) => readable.has(toolset)),
    ...view.toolsets.filter(({ instructionsWait }) => instructionsWait),
  ];
  const waitingOf = Map.groupBy(waitingHere, ({ toolset }) => toolset);
  const known = new Set([...tools.map(({ item }) => item.toolset), ...readable, ...promptable]);
  const others = [...view.prompts, ...view.resources, ...view.templates];
  const reachable = others.some(({ item }) => readable.has(item.toolset) || promptable.has(item.toolset));
  return {
    view,
    isClosed: !foreign(tools) && !reachable && (foreign(view.tools) || others.length > 0),
    tools,
    listed: tools.filter(({ item }) => view.isListed(item) || (approvalToolIds.has(item.id) && isAsked)),
    prompts: view.prompts.filter(({ item }) => promptable.has(item.toolset)),
    resources: view.resources.filter(({ item }) => readable.has(item.toolset)),
    templates: view.templates.filter(({ item }) => readable.has(item.toolset)),
    instructions: view.toolsets
      .filter(({ toolset, instructions }) => instructions && known.has(toolset))
      .map(({ toolset, instructions }) => ({ toolset, text: instructions ?? '' })),
    incomplete: view.toolsets
      .filter(({ toolset }) => known.has(toolset))
      .map(({ toolset, ...state }) => {
        // Of what waits, policy keeps as much from the caller as of what is served.
        const quarantined = waitingOf.get(toolset)?.length ?? 0;
        return { toolset, reason: whatIsMissing({ ...state, quarantined }) };
      })
      .filter(({ reason }) => reason !== ''),
  };
}

/** Empty for a toolset of which everything is there. */
function whatIsMissing({ status, reason, leftOut, quarantined }: Omit<ToolsetState, 'toolset'>): string {
  const away = status === 'live' ? undefined : (reason ?? 'not connected');
  const waiting = quarantined ? `${quarantined} quarantined, waiting for a review` : undefined;
  return [away, leftOut, waiting].filter((part) => part !== undefined).join('; ');
}
