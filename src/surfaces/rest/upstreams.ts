import { z } from '@hono/zod-openapi';
import { may, requireScope } from '../../capabilities/access/index.ts';
import type { Catalog } from '../../capabilities/catalog/index.ts';
import { type UpstreamStatus, type Upstreams, upstreamsErrors } from '../../capabilities/upstreams/index.ts';
import { httpUpstream, openApiFields, stdioUpstream } from '../../config/schema.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface UpstreamRoutesDeps {
  upstreams: Pick<Upstreams, 'list' | 'get' | 'describe' | 'add' | 'change' | 'remove' | 'test'>;
  catalog: Pick<Catalog, 'snapshot'>;
}

const nameParams = z.strictObject({
  name: z.string().min(1).max(100).openapi({ description: 'Name of the upstream', example: 'tickets' }),
});
const name = z.string().min(1).max(100).openapi({ description: 'Also the toolset of its tools', example: 'tickets' });
// The settings are checked by the capability, whose faults name the kind of upstream that was meant.
const settings = schemas.anyObject;
const kinds = [stdioUpstream.omit({ org: true }), httpUpstream.omit({ org: true }), openApiFields.omit({ org: true })];
const documentedSettings = z.union(kinds).openapi({
  description:
    'As under `upstreams` in fairlead.yaml. A secret given as `***` stays as it was, and so does an OpenAPI document that ' +
    'was given whole.',
});
const exampleSettings = { url: 'https://mcp.example.com/mcp', headers: { authorization: 'Bearer ...' } };
const trustNote = 'To trust it on first use (`trust: first-use`) takes the scope `tools:review` as well.';

/** It accepts whatever the upstream offers, unseen: so much as a review of all of it. */
function requireTrust(principal: Principal, input: { trust?: unknown }): void {
  if (input.trust === 'first-use') requireScope(principal, 'tools:review');
}
const named = (code: string) => upstreamsErrors.filter((kind) => kind.code === code);

/** The MCP servers and HTTP APIs behind this one. */
export function upstreamRoutes({ upstreams, catalog }: UpstreamRoutesDeps): Route[] {
  /** Command lines, addresses and what an upstream itself said are for those who operate. */
  const shown = (principal: Principal, { target, detail, refused, ...status }: UpstreamStatus) => ({
    ...status,
    quarantined: catalog.snapshot(status.org).toolsets.get(status.name)?.quarantined ?? 0,
    ...(may(principal, 'upstreams:read') ? { target, detail, refused } : {}),
  });

  return [
    route({
      method: 'get',
      path: '/api/v1/upstreams',
      tag: 'Upstreams',
      summary: 'List upstreams',
      description:
        'The MCP servers and HTTP APIs behind this one, how each of them is and, if something is wrong, why. Where it is and what ' +
        'exactly is wrong is for those with the scope `upstreams:read`.',
      scope: 'tools:read',
      inOrg: true,
      answers: {
        200: {
          description: 'The upstreams, by name',
          schema: z.object({ upstreams: z.array(schemas.upstream) }),
          example: { upstreams: [exampleStatus] },
        },
      },
      handle: ({ principal, org }) => ok({ upstreams: upstreams.list(org).map((each) => shown(principal, each)) }),
    }),
    route({
      method: 'post',
      path: '/api/v1/upstreams/test',
      tag: 'Upstreams',
      summary: 'Test an upstream',
      description:
        'Connects to an upstream that need not be there yet, lists it and lets it go again; changes nothing. Of an ' +
        'OpenAPI document it tells which operations cannot become tools, and why.',
      scope: 'upstreams:write',
      inOrg: true,
      body: z.strictObject({ name: name.optional(), settings }),
      documentedBody: z.strictObject({ name: name.optional(), settings: documentedSettings }),
      bodyExample: { settings: exampleSettings },
      answers: {
        200: {
          description: 'What came of it; `ok` is false where it does not work',
          schema: schemas.upstreamProbe,
          example: {
            ok: true,
            transport: 'http',
            era: '2025-11-25',
            tools: 12,
            prompts: 0,
            resources: 3,
            durationMs: 310,
          },
        },
      },
      errors: named('RUNTIME_STDIO_OFF'),
      // Starts what it is told to start, so it is kept like a change.
      act: { action: 'upstreams.test', subject: ({ body }) => body.name ?? 'test' },
      handle: async ({ org, body }) => ok(await upstreams.test(org, body.name ?? 'test', body.settings)),
    }),
    route({
      method: 'get',
      path: '/api/v1/upstreams/{name}',
      tag: 'Upstreams',
      summary: 'Get an upstream',
      description:
        'How an upstream is; with the scope `upstreams:read` where it is and what exactly is wrong, and with ' +
        '`upstreams:write` its settings without secrets.',
      scope: 'tools:read',
      inOrg: true,
      params: nameParams,
      answers: {
        200: {
          description: 'The upstream',
          schema: schemas.upstreamDetail,
          example: {
            ...exampleStatus,
            settings: { url: 'https://mcp.example.com/mcp', headers: { authorization: '***' } },
          },
        },
      },
      errors: [NotFound],
      handle({ principal, org, params }) {
        const status = upstreams.get(org, params.name);
        if (!status) throw NotFound({ what: 'upstream', id: params.name });
        const described = may(principal, 'upstreams:write') ? upstreams.describe(org, params.name) : undefined;
        return ok({ ...shown(principal, status), ...(described ? { settings: described } : {}) });
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/upstreams',
      tag: 'Upstreams',
      summary: 'Add an upstream',
      description:
        'Adds an MCP server or an HTTP API while this one runs. It is connected in the background; ask for it again to see its state. ' +
        `Secret values are kept encrypted and never given out. ${trustNote}`,
      scope: 'upstreams:write',
      inOrg: true,
      body: z.strictObject({ name, settings }),
      documentedBody: z.strictObject({ name, settings: documentedSettings }),
      bodyExample: { name: 'tickets', settings: exampleSettings },
      answers: { 201: { description: 'Added', schema: schemas.upstream, example: exampleStatus } },
      errors: [...named('UPSTREAM_NAME_TAKEN'), ...named('RUNTIME_STDIO_OFF'), ...named('UPSTREAM_LIMIT')],
      act: { action: 'upstreams.add', subject: ({ body }) => body.name },
      async handle({ principal, org, body }) {
        requireTrust(principal, body.settings);
        return {
          status: 201,
          body: shown(principal, await upstreams.add(org, body.name, body.settings, principal.id)),
          headers: { location: `/api/v1/upstreams/${encodeURIComponent(body.name)}` },
        };
      },
    }),
    route({
      method: 'put',
      path: '/api/v1/upstreams/{name}',
      tag: 'Upstreams',
      summary: 'Change an upstream',
      description: `Replaces the settings of an upstream that was added at run time. ${trustNote}`,
      scope: 'upstreams:write',
      inOrg: true,
      params: nameParams,
      body: z.strictObject({ settings }),
      documentedBody: z.strictObject({ settings: documentedSettings }),
      bodyExample: { settings: exampleSettings },
      answers: { 200: { description: 'Changed', schema: schemas.upstream, example: exampleStatus } },
      errors: [...named('UPSTREAM_DECLARED'), ...named('RUNTIME_STDIO_OFF'), ...named('UPSTREAM_UNKNOWN')],
      act: { action: 'upstreams.change', subject: ({ params }) => params.name },
      async handle({ principal, org, params, body }) {
        requireTrust(principal, body.settings);
        return ok(shown(principal, await upstreams.change(org, params.name, body.settings, principal.id)));
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/upstreams/{name}',
      tag: 'Upstreams',
      summary: 'Remove an upstream',
      description: 'Removes an upstream that was added at run time, and its tools.',
      scope: 'upstreams:write',
      inOrg: true,
      params: nameParams,
      answers: { 204: { description: 'Removed' } },
      errors: [...named('UPSTREAM_DECLARED'), ...named('UPSTREAM_UNKNOWN')],
      act: { action: 'upstreams.remove', subject: ({ params }) => params.name },
      async handle({ principal, org, params }) {
        await upstreams.remove(org, params.name, principal.id);
        return { status: 204 };
      },
    }),
  ];
}

const exampleStatus = {
  org: 'default',
  name: 'tickets',
  source: 'runtime',
  transport: 'http',
  target: 'https://mcp.example.com/mcp',
  isolation: 'shared',
  era: '2025-11-25',
  state: 'live',
  tools: 12,
  prompts: 0,
  resources: 3,
  quarantined: 0,
  since: 1_795_219_200_000,
  lastListedAt: 1_795_219_200_000,
  restarts: 0,
  inFlight: 0,
  breaker: 'closed',
};
