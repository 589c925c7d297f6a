import { z } from '@hono/zod-openapi';
import type { Catalog } from '../../capabilities/catalog/index.ts';
import type { Policy } from '../../capabilities/policy/index.ts';
import { type Gateway, UnknownEndpoint, UnknownTool } from '../../gateway/index.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { ownToolset } from '../../kernel/names.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface ToolsDeps {
  gateway: Gateway;
  policy: Pick<Policy, 'visible'>;
  /** What is known of a tool beside its definition. */
  guidanceOf(tool: Tool): JsonObject;
  catalog: Pick<Catalog, 'snapshot'>;
}

export const endpointName = z
  .string()
  .min(1)
  .max(100)
  .optional()
  .openapi({ description: 'Endpoint whose tools and names count; the plain one when absent' });

export const toolParams = z.strictObject({
  id: z.string().min(1).max(1_000).openapi({ description: 'Canonical id or wire name', example: 'everything.echo' }),
});

/** What there is to call. */
export function toolRoutes({ gateway, policy, guidanceOf, catalog }: ToolsDeps): Route[] {
  /** What a tool may be taken for, as far as that is there for the caller as well. */
  const imitatedBy = ({ org, id }: Tool, isSeen: (tool: Tool) => boolean) => {
    const { tools, lookalikes } = catalog.snapshot(org);
    const alike = (lookalikes().get(id) ?? []).filter(({ of }) => {
      const original = tools.get(of);
      return original === undefined
        ? [...tools.values()].some((tool) => tool.toolset === of && isSeen(tool))
        : isSeen(original);
    });
    return alike.length > 0 ? { lookalikes: alike } : {};
  };
  const seen = (principal: Principal, tools: readonly Tool[], endpoint?: string, clientAddress?: string) =>
    new Set(policy.visible(principal, tools, { surface: 'rest', endpoint, clientAddress }));

  return [
    route({
      method: 'get',
      path: '/api/v1/tools',
      tag: 'Tools',
      summary: 'List tools',
      description: 'The tools that you may call, by id. Answered from the catalog: no upstream is asked.',
      scope: 'tools:read',
      query: z.strictObject({
        endpoint: endpointName,
        toolset: z.string().max(100).optional().openapi({ description: 'Only those of this toolset' }),
      }),
      answers: {
        200: {
          description: 'The tools',
          schema: z.object({ tools: z.array(schemas.tool), incomplete: schemas.incomplete }),
          example: { tools: [exampleTool], incomplete: [] },
        },
      },
      errors: [UnknownEndpoint],
      handle({ principal, query: { endpoint, toolset }, clientAddress }) {
        const view = gateway.view(principal.org, endpoint);
        const wanted = view.tools.filter(({ item }) =>
          toolset === undefined ? item.toolset !== ownToolset || view.isListed(item) : item.toolset === toolset,
        );
        const all = view.tools.map(({ item }) => item);
        const shown = seen(principal, all, endpoint, clientAddress);
        const tools = wanted
          .filter(({ item }) => shown.has(item))
          .map(({ item, wireName }) => ({
            ...summaryOf(item, wireName),
            ...imitatedBy(item, (tool) => shown.has(tool)),
          }))
          .sort((a, b) => (a.id < b.id ? -1 : 1));
        const { incomplete } = gateway.list(principal, endpoint === undefined ? {} : { endpoint });
        return ok({
          tools,
          incomplete: incomplete.filter((each) => toolset === undefined || each.toolset === toolset),
        });
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/tools/{id}',
      tag: 'Tools',
      summary: 'Get a tool',
      description: 'A tool with its whole definition, its input and output schemas included.',
      scope: 'tools:read',
      params: toolParams,
      query: z.strictObject({ endpoint: endpointName }),
      answers: {
        200: {
          description: 'The tool',
          schema: schemas.toolDetail,
          example: { ...exampleTool, definition: { name: 'echo', inputSchema: { type: 'object' } } },
        },
      },
      errors: [UnknownTool, UnknownEndpoint],
      handle({ principal, params: { id }, query: { endpoint }, clientAddress }) {
        const view = gateway.view(principal.org, endpoint);
        const tool = view.findTool(id);
        if (!tool || !seen(principal, [tool], endpoint, clientAddress).has(tool)) {
          throw UnknownTool({ what: 'tool', name: id });
        }
        const wireName = view.tools.find(({ item }) => item === tool)?.wireName ?? tool.name;
        return ok({
          ...summaryOf(tool, wireName),
          definition: tool.shown ?? tool.definition,
          ...guidanceOf(tool),
          ...imitatedBy(tool, (other) => seen(principal, [other], endpoint, clientAddress).has(other)),
        });
      },
    }),
  ];
}

function summaryOf(tool: Tool, wireName: string) {
  const definition = tool.shown ?? tool.definition;
  const { id, toolset, name, annotations, tags, digest, status, statusReason, timeoutMs } = tool;
  const title = definition.title ?? definition.annotations?.title;
  return {
    id,
    wireName,
    toolset,
    name,
    ...(typeof title === 'string' ? { title } : {}),
    ...(definition.description === undefined ? {} : { description: definition.description }),
    annotations,
    tags,
    digest,
    status,
    ...(statusReason === undefined ? {} : { statusReason }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

const exampleTool = {
  id: 'everything.echo',
  wireName: 'everything_echo',
  toolset: 'everything',
  name: 'echo',
  title: 'Echo Tool',
  description: 'Echoes back the input string',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  tags: [],
  digest: 'sha256:5f8f0c7b5d9d6c7e3a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778',
  status: 'live',
};
