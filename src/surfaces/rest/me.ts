import { z } from '@hono/zod-openapi';
import {
  type Access,
  type ApiKey,
  expiryWarningMs,
  may,
  mayActIn,
  scopesTogether,
} from '../../capabilities/access/index.ts';
import type { Audit, AuditGap } from '../../capabilities/audit/index.ts';
import type { Upstreams } from '../../capabilities/upstreams/index.ts';
import type { OrgId } from '../../kernel/principal.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface MeDeps {
  access: { keys: Pick<Access['keys'], 'expiring'>; breakGlass: Pick<Access['breakGlass'], 'count'> };
  audit: Pick<Audit, 'stats'>;
  upstreams: Pick<Upstreams, 'list'>;
  /** What is declared for organisations that do not exist. */
  orgsNotThere(): readonly { org: OrgId; text: string }[];
  version: string;
}

/** Who asks, and how the server is for them. */
export function meRoutes({ access, audit, upstreams, orgsNotThere, version }: MeDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/me',
      tag: 'Server',
      summary: 'Who am I',
      description:
        'The principal that your credential stands for. `scopes` are those that its roles and it have together.',
      answers: {
        200: {
          description: 'You',
          schema: schemas.principal,
          example: {
            id: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
            kind: 'service',
            org: 'default',
            name: 'build agent',
            roles: ['developer'],
            scopes: ['tools:read', 'tools:call'],
            credential: { kind: 'api_key', id: 'key_06exw4v5d0tq8m2k9r7h3n1c5b' },
          },
        },
      },
      handle: ({ principal }) => ok({ ...principal, scopes: scopesTogether(principal) }),
    }),
    route({
      method: 'get',
      path: '/api/v1/status',
      tag: 'Server',
      summary: 'What stands behind this server',
      description:
        'Every toolset of your organisation with its state and, if something is wrong, the reason. Whoever may write ' +
        'organisations is also told, in `warnings`, what is declared for one that does not exist; whoever may read the ' +
        'audit, that records of it are being dropped; whoever may write keys, which keys in use end within two weeks.',
      scope: 'tools:read',
      answers: {
        200: {
          description: 'The status',
          schema: z.object({
            server: z.literal('fairlead'),
            version: z.string(),
            toolsets: z.array(
              schemas.upstream
                .pick({
                  state: true,
                  reason: true,
                  tools: true,
                  prompts: true,
                  resources: true,
                  leftOut: true,
                  since: true,
                })
                .extend({ toolset: z.string(), lastListedAt: schemas.timeMs.optional() }),
            ),
            warnings: z.array(z.string()),
          }),
          example: {
            server: 'fairlead',
            version: '0.1.0',
            toolsets: [
              { toolset: 'files', state: 'live', tools: 14, prompts: 0, resources: 0, since: 1_795_219_200_000 },
            ],
            warnings: ['endpoints.team.org: there is no organisation acme; `fairlead orgs create acme` makes it'],
          },
        },
      },
      handle: ({ principal }) =>
        ok({
          server: 'fairlead',
          version,
          toolsets: upstreams.list(principal.org).map((status) => ({
            toolset: status.name,
            state: status.state,
            ...(status.reason === undefined ? {} : { reason: status.reason }),
            tools: status.tools,
            prompts: status.prompts,
            resources: status.resources,
            ...(status.leftOut === undefined ? {} : { leftOut: status.leftOut }),
            since: status.since,
            ...(status.lastListedAt === undefined ? {} : { lastListedAt: status.lastListedAt }),
          })),
          warnings: [
            ...(access.breakGlass.count().active > 0 && may(principal, 'audit:read')
              ? ['break-glass access is open: `fairlead break-glass list` says why, `fairlead break-glass end` ends it']
              : []),
            ...orgsNotThere()
              .filter(({ org }) => mayActIn(principal, org))
              .map(({ text }) => text),
            ...audit
              .stats()
              .gaps.filter(({ org }) => may(principal, 'audit:read') && mayActIn(principal, org))
              .map(gapText),
            ...(may(principal, 'keys:write') ? access.keys.expiring(expiryWarningMs, principal.org) : []).map(
              expiryText,
            ),
          ],
        }),
    }),
  ];
}

function gapText({ org, from, records }: AuditGap): string {
  const since = new Date(from).toISOString();
  return `audit: the queue is full, and ${records} records of ${org} have been dropped since ${since}`;
}

function expiryText({ id, name, expiresAt = 0 }: ApiKey): string {
  const at = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ');
  return `the API key ${id} (${name}) ends at ${at} UTC; \`fairlead keys change ${id} --expires 90d\` lets it live on`;
}
