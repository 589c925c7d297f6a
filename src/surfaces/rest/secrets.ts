import { z } from '@hono/zod-openapi';
import { may } from '../../capabilities/access/index.ts';
import { defaultOrg } from '../../kernel/principal.ts';
import type { Secrets } from '../../platform/secrets/index.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface SecretRoutesDeps {
  secrets: Pick<Secrets, 'list'>;
}

const reference = z
  .object({
    place: z.string(),
    org: z.string().optional(),
    source: z.enum(['file', 'runtime']),
    kind: z.string(),
    name: z.string(),
    state: z.enum(['resolves', 'stale', 'missing']),
    reason: z.string().optional(),
    version: z.int().optional(),
    seenAt: schemas.timeMs.optional(),
    leaseUntil: schemas.timeMs.optional(),
  })
  .openapi('SecretReference');

/** How references are; never what they stand for. */
export function secretRoutes({ secrets }: SecretRoutesDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/secrets',
      tag: 'Upstreams',
      summary: 'List references to secrets',
      description:
        'Each reference (of kind env, file, data or vault) that the upstreams of an organisation have, in the ' +
        'file and added at run time, and whether it resolves: `stale` is in use although it cannot be read again now. What ' +
        'belongs to the server as a whole is told to admins of the default organisation. Never a value.',
      scope: 'upstreams:write',
      inOrg: true,
      answers: {
        200: {
          description: 'The references, in the order in which they stand',
          schema: z.object({ references: z.array(reference) }),
          example: {
            references: [
              {
                place: 'upstreams.crm.headers.Authorization',
                org: 'default',
                source: 'file',
                kind: 'vault',
                name: 'team/crm#token',
                state: 'resolves',
                version: 3,
                seenAt: 1_795_219_200_000,
              },
            ],
          },
        },
      },
      handle({ principal, org }) {
        const tellsServer = org === defaultOrg && may(principal, 'orgs:write');
        const seen = secrets.list().filter((one) => (one.org === undefined ? tellsServer : one.org === org));
        return ok({ references: seen.map(({ holder: source, ...one }) => ({ ...one, source })) });
      },
    }),
  ];
}
