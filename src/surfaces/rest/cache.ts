import { z } from '@hono/zod-openapi';
import type { Caching } from '../../capabilities/caching/index.ts';
import { ok, type Route, route } from './route.ts';

export interface CacheRoutesDeps {
  caching: Pick<Caching, 'invalidate' | 'stateOf'>;
}

const tags = z
  .array(z.string().min(1).max(40))
  .min(1)
  .max(20)
  .optional()
  .openapi({ description: 'Results with one of these tags; all of them when absent', example: ['issues'] });

/** Results that are told again. */
export function cacheRoutes({ caching }: CacheRoutesDeps): Route[] {
  const common = { tag: 'Cache', inOrg: true } as const;
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/cache',
      summary: 'What is kept of results',
      description: 'How many results of the organisation this server keeps to tell them again, and how large they are.',
      scope: 'upstreams:read',
      answers: {
        200: {
          description: 'On the server that answers',
          schema: z.object({ entries: z.int(), bytes: z.int() }),
          example: { entries: 12, bytes: 48_211 },
        },
      },
      handle: ({ org }) => ok(caching.stateOf(org)),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/cache/invalidate',
      summary: 'Tell results no more',
      description:
        'Results of the organisation are not told again, on every server: the next call is made anew. For whoever knows that ' +
        'something has changed.',
      scope: 'upstreams:write',
      body: z.strictObject({ tags }).prefault({}),
      bodyExample: { tags: ['issues'] },
      answers: {
        200: {
          description: 'How many the server had that answers',
          schema: z.object({ invalidated: z.int() }),
          example: { invalidated: 3 },
        },
      },
      act: {
        action: 'cache.invalidate',
        subject: ({ body }) => body.tags?.join(' ') ?? '*',
      },
      handle: async ({ org, body }) => ok({ invalidated: caching.invalidate(org, body.tags) }),
    }),
  ];
}
