import { ProtocolError, type Server, type ServerContext } from '@modelcontextprotocol/server';
import type { CatalogItem, Named } from '../../capabilities/catalog/index.ts';
import { type Listing, ownResources } from '../../gateway/index.ts';
import { asFairleadError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { McpDeps } from './deps.ts';
import { clientAddressOf, originOf, principalOf, type ServerIdentity } from './identity.ts';
import { metaKeys, rpcError } from './results.ts';

const pageSize = 1_000; // many clients never ask for a second page; 500 tools must fit the first
/** For so long a listing may be told again as it is. */
export const listingTtlMs = 30_000;
const cacheHint = { ttlMs: listingTtlMs, cacheScope: 'private' as const };

/** The four listings, answered from the catalog. */
export function listHandlers(server: Server, { gateway, guidanceOf }: McpDeps, identity: ServerIdentity): void {
  const list = (
    ctx: ServerContext,
    key: 'tools' | 'prompts' | 'resources' | 'resourceTemplates',
    cursor: string | undefined,
    itemsOf: (listing: Listing) => Listed[],
  ) => {
    const listing = listOrThrow(() =>
      gateway.list(principalOf(ctx, identity), originOf(identity.endpoint, clientAddressOf(ctx))),
    );
    const { page, nextCursor } = pageOf(itemsOf(listing), cursor);
    return {
      [key]: page,
      ...(nextCursor ? { nextCursor } : {}),
      ...(identity.era === 'modern' ? cacheHint : {}),
      ...(listing.incomplete.length > 0 ? { _meta: { [metaKeys.incomplete]: listing.incomplete } } : {}),
    };
  };

  server.setRequestHandler('tools/list', ({ params }, ctx) =>
    as(list(ctx, 'tools', params?.cursor, ({ listed }) => listed.map((one) => toolItem(one, guidanceOf)))),
  );
  server.setRequestHandler('prompts/list', ({ params }, ctx) =>
    as(list(ctx, 'prompts', params?.cursor, ({ prompts }) => prompts.map((item) => itemOf(item, 'name')))),
  );
  server.setRequestHandler('resources/list', ({ params }, ctx) =>
    as(
      list(ctx, 'resources', params?.cursor, ({ resources }) => [
        ...(identity.endpoint === undefined ? ownResources.map((item) => ({ key: String(item.uri), item })) : []),
        ...resources.map((item) => itemOf(item, 'uri')),
      ]),
    ),
  );
  server.setRequestHandler('resources/templates/list', ({ params }, ctx) =>
    as(
      list(ctx, 'resourceTemplates', params?.cursor, ({ templates }) =>
        templates.map((item) => itemOf(item, 'uriTemplate')),
      ),
    ),
  );
}

// The items are the upstreams' own words: the SDK checks them at the edge, not the type system.
// biome-ignore lint/suspicious/noExplicitAny: see above
function as(result: object): any {
  return result;
}

interface Listed {
  /** What the cursor remembers. */
  key: string;
  item: JsonObject;
}

function toolItem({ wireName, item }: Named<Tool>, guidanceOf: McpDeps['guidanceOf']): Listed {
  const definition = (item.shown ?? item.definition) as unknown as JsonObject;
  const { readOnly, destructive, idempotent, openWorld } = item.annotations;
  const guidance = guidanceOf(item);
  const meta: JsonObject = {
    ...(item.status === 'live' ? {} : { [metaKeys.status]: item.status }),
    ...(Object.keys(guidance).length > 0 ? { [metaKeys.tool]: guidance } : {}),
  };
  return {
    key: wireName,
    item: {
      ...definition,
      name: wireName,
      ...(typeof definition.description === 'string' ? { description: cut(definition.description) } : {}),
      // What Fairlead believes, so that a client decides by the same facts as the policy does.
      annotations: {
        ...(definition.annotations as JsonObject | undefined),
        readOnlyHint: readOnly,
        destructiveHint: destructive,
        idempotentHint: idempotent,
        openWorldHint: openWorld,
      },
      ...withMeta(definition, meta),
    },
  };
}

// Some clients pass over tools with more, and no agent reads it twenty times: the whole text is told on demand.
const maxDescription = 2_048;
const cutMark = ' ... (cut; describe_tool has the whole text)';

function cut(description: string): string {
  if (description.length <= maxDescription) return description;
  return description.slice(0, maxDescription - cutMark.length).toWellFormed() + cutMark;
}

function itemOf({ wireName, item }: Named<CatalogItem>, nameKey: 'name' | 'uri' | 'uriTemplate'): Listed {
  const meta: JsonObject = item.status === 'live' ? {} : { [metaKeys.status]: item.status };
  return { key: wireName, item: { ...item.definition, [nameKey]: wireName, ...withMeta(item.definition, meta) } };
}

function withMeta(definition: JsonObject, meta: JsonObject): JsonObject {
  const own = definition._meta;
  const all = { ...(typeof own === 'object' && own !== null && !Array.isArray(own) ? own : {}), ...meta };
  return Object.keys(all).length > 0 ? { _meta: all } : {};
}

/** One page; a cursor names the last item seen, so that a list that changes between pages loses nothing. */
function pageOf(items: Listed[], cursor: string | undefined): { page: JsonObject[]; nextCursor?: string } {
  let start = 0;
  if (cursor !== undefined) {
    const last = Buffer.from(cursor, 'base64url').toString('utf8');
    const found = items.findIndex(({ key }) => key === last);
    if (found < 0)
      throw new ProtocolError(-32602, 'That cursor is not one of ours, or the list changed. List from the start.');
    start = found + 1;
  }
  const page = items.slice(start, start + pageSize);
  const more = items.length > start + pageSize;
  return {
    page: page.map(({ item }) => item),
    ...(more ? { nextCursor: Buffer.from(page.at(-1)?.key ?? '').toString('base64url') } : {}),
  };
}

function listOrThrow(list: () => Listing): Listing {
  try {
    return list();
  } catch (error) {
    throw rpcError(asFairleadError(error).toBody(), -32602);
  }
}
