import { z } from '@hono/zod-openapi';
import { deliveryStates, type Events, eventsErrors } from '../../capabilities/events/index.ts';
import { destinationChoice } from '../../config/schema.ts';
import { NotFound } from '../../kernel/errors.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface EventRoutesDeps {
  events: Pick<Events, 'destinations' | 'deliveries'>;
}

const longestPage = 200;
const name = z.string().min(1).max(100).openapi({ description: 'Name of a destination', example: 'pager' });
const nameParams = z.strictObject({ name });
const idParams = z.strictObject({
  id: z.string().min(1).max(100).openapi({ example: 'dlv_06exw4v5d0tq8m2k9r7h3n1c5b' }),
});
const documentedSettings = destinationChoice.describe(
  'As an entry of `events.destinations` in fairlead.yaml, without org. A webhook without secrets gets one, which is told once',
);
const exampleSettings = { type: 'webhook', url: 'https://pager.example.com/fairlead', events: ['approval.*'] };

const destination = z
  .object({
    name: z.string(),
    source: z.enum(['file', 'runtime']),
    settings: schemas.anyObject.openapi({ description: 'Without its secrets' }),
    fault: z.string().optional().openapi({ description: 'Why it cannot be used' }),
    changedBy: z.string().optional(),
    changedAt: schemas.timeMs.optional(),
  })
  .openapi('EventDestination', { description: 'Where events are delivered to' });
const made = destination
  .extend({
    secret: z.string().optional().openapi({ description: 'What events are signed with; told this once' }),
  })
  .openapi('MadeEventDestination');
const exampleDestination = {
  name: 'pager',
  source: 'runtime',
  settings: { ...exampleSettings, timeoutSeconds: 10, attempts: 10 },
  changedBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
  changedAt: 1_795_219_200_000,
};
const exampleMade = { ...exampleDestination, secret: 'whsec_…' };

const delivery = z
  .object({
    id: z.string(),
    event: z.string().openapi({ description: 'Id of the event: the `webhook-id` that the receiver sees' }),
    type: z.string(),
    subject: z.string().optional(),
    destination: z.string(),
    state: z.enum(deliveryStates).openapi({ description: '`dead` is a dead letter: it was given up' }),
    attempts: z.int().openapi({ description: 'Tries that are over' }),
    nextAt: schemas.timeMs.optional(),
    attemptedAt: schemas.timeMs.optional(),
    fault: z.string().optional().openapi({ description: 'Why the last try failed' }),
    status: z.int().optional().openapi({ description: 'What the other side answered by then' }),
    createdAt: schemas.timeMs,
    endedAt: schemas.timeMs.optional(),
  })
  .openapi('EventDelivery', { description: 'An event on its way to a destination' });
const exampleDelivery = {
  id: 'dlv_06exw4v5d0tq8m2k9r7h3n1c5b',
  event: 'evt_06exw4v5d0tq8m2k9r7h3n1c5a',
  type: 'approval.requested',
  subject: 'apr_06exw4v5d0tq8m2k9r7h3n1c5b',
  destination: 'pager',
  state: 'dead',
  attempts: 10,
  attemptedAt: 1_795_255_200_000,
  fault: 'it answers 500',
  status: 500,
  createdAt: 1_795_219_200_000,
  endedAt: 1_795_255_200_000,
};
const event = z
  .object({
    id: z.string(),
    type: z.string(),
    subject: z.string().optional(),
    data: schemas.anyObject,
    to: z.array(z.string()).optional().openapi({ description: 'Whom it concerns' }),
    at: schemas.timeMs,
  })
  .openapi('Event', { description: 'Something that happened in the organisation' });
const exampleEvent = {
  id: exampleDelivery.event,
  type: exampleDelivery.type,
  subject: exampleDelivery.subject,
  data: { tool: 'tracker.delete_project' },
  at: 1_795_219_200_000,
};
const named = (...codes: string[]) => eventsErrors.filter(({ code }) => codes.includes(code));

/** Where events go, and what became of them on the way. */
export function eventRoutes(deps: EventRoutesDeps): Route[] {
  return [...destinationRoutes(deps), ...deliveryRoutes(deps)];
}

const common = { tag: 'Events', inOrg: true } as const;

function destinationRoutes({ events }: EventRoutesDeps): Route[] {
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/events/destinations',
      summary: 'List event destinations',
      description: 'Where events of the organisation are delivered to, those of the file among them; without secrets.',
      scope: 'upstreams:read',
      answers: {
        200: {
          description: 'The destinations, by name',
          schema: z.object({ destinations: z.array(destination) }),
          example: { destinations: [exampleDestination] },
        },
      },
      handle: ({ org }) => ok({ destinations: events.destinations.list(org) }),
    }),
    route({
      ...common,
      method: 'put',
      path: '/api/v1/events/destinations/{name}',
      summary: 'Add or change an event destination',
      description:
        'Adds one while the server runs, or replaces one that was added so; on every replica within seconds. Events from ' +
        'before are not delivered to it. One that is changed without secrets keeps those that it has.',
      scope: 'upstreams:write',
      params: nameParams,
      // Checked by the capability, which names all faults of name and settings at once.
      body: z.strictObject({ settings: schemas.anyObject }),
      documentedBody: z.strictObject({ settings: documentedSettings }),
      bodyExample: { settings: exampleSettings },
      answers: { 200: { description: 'In force from now on', schema: made, example: exampleMade } },
      errors: named('DESTINATION_DECLARED', 'TOO_MANY_DESTINATIONS'),
      act: {
        action: 'events.put_destination',
        subject: ({ params }) => params.name,
        detail: ({ body: { settings } }) => ({ settings: withoutSecrets(settings) as never }),
      },
      handle: async ({ principal, org, params, body }) =>
        ok(await events.destinations.put(org, params.name, body.settings, principal.id)),
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/v1/events/destinations/{name}',
      summary: 'Remove an event destination',
      description: 'Removes one that was added at run time; what waits for it becomes dead letters.',
      scope: 'upstreams:write',
      params: nameParams,
      answers: { 204: { description: 'Removed' } },
      errors: [NotFound, ...named('DESTINATION_DECLARED')],
      act: { action: 'events.remove_destination', subject: ({ params }) => params.name },
      async handle({ org, params }) {
        await events.destinations.remove(org, params.name);
        return { status: 204 };
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/events/destinations/{name}/rotate',
      summary: 'Give an event destination a new secret',
      description:
        'Makes a new secret, which is told this once. Until the end of the overlap events are signed with the former ones, ' +
        'too, so that the receiver can change over.',
      scope: 'upstreams:write',
      params: nameParams,
      body: z
        .strictObject({
          overlapSeconds: z
            .int()
            .min(0)
            .max(30 * 86_400)
            .default(86_400)
            .openapi({ description: 'How long the former secrets sign, too' }),
        })
        .prefault({}),
      bodyExample: { overlapSeconds: 86_400 },
      answers: { 200: { description: 'Signs from now on', schema: made, example: exampleMade } },
      errors: [NotFound, ...named('DESTINATION_DECLARED', 'DESTINATION_UNREADABLE')],
      act: {
        action: 'events.rotate_destination',
        subject: ({ params }) => params.name,
        detail: ({ body }) => ({ overlapSeconds: body.overlapSeconds }),
      },
      handle: async ({ principal, org, params, body }) =>
        ok(await events.destinations.rotate(org, params.name, body.overlapSeconds * 1_000, principal.id)),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/events/destinations/{name}/test',
      summary: 'Test an event destination',
      description: 'Delivers an event `fairlead.test` once, whatever events it is for, and tells how that went.',
      scope: 'upstreams:write',
      params: nameParams,
      answers: {
        200: {
          description: 'How it went',
          schema: z.object({
            delivered: z.boolean(),
            tookMs: z.number(),
            fault: z.string().optional(),
            status: z.int().optional(),
          }),
          example: { delivered: true, tookMs: 41 },
        },
      },
      errors: [NotFound],
      act: { action: 'events.test_destination', subject: ({ params }) => params.name },
      handle: async ({ c, org, params }) => ok(await events.destinations.test(org, params.name, c.req.raw.signal)),
    }),
  ];
}

function deliveryRoutes({ events }: EventRoutesDeps): Route[] {
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/events/deliveries',
      summary: 'List event deliveries',
      description: 'Events on their way to destinations, and what became of them, newest first.',
      scope: 'upstreams:read',
      query: z.object({
        state: z.enum(deliveryStates).optional(),
        destination: name.optional(),
        limit: z.coerce.number().int().min(1).max(longestPage).default(50),
        cursor: z.string().max(100).optional().openapi({ description: '`next` of the page before' }),
      }),
      answers: {
        200: {
          description: 'The deliveries',
          schema: z.object({ deliveries: z.array(delivery), next: z.string().optional() }),
          example: { deliveries: [exampleDelivery] },
        },
      },
      async handle({ org, query: { state, destination: to, limit, cursor } }) {
        const found = await events.deliveries.list(org, { state, destination: to, before: cursor, limit: limit + 1 });
        const page = found.slice(0, limit);
        const next = found.length > limit ? page.at(-1)?.id : undefined;
        return ok({ deliveries: page, ...(next === undefined ? {} : { next }) });
      },
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/v1/events/deliveries/{id}',
      summary: 'Get an event delivery',
      description: 'One of them, with the event and what it carries.',
      scope: 'audit:read',
      params: idParams,
      answers: {
        200: {
          description: 'The delivery and its event',
          schema: z.object({ delivery, event }),
          example: { delivery: exampleDelivery, event: exampleEvent },
        },
      },
      errors: [NotFound],
      handle: async ({ org, params }) => ok(await events.deliveries.show(org, params.id)),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/events/deliveries/{id}/replay',
      summary: 'Replay a dead letter',
      description: 'It waits again, as if it were new, and goes out with the id that it had.',
      scope: 'upstreams:write',
      params: idParams,
      answers: {
        200: {
          description: 'It waits',
          schema: z.object({ replayed: z.int() }),
          example: { replayed: 1 },
        },
      },
      errors: [NotFound],
      act: { action: 'events.replay', subject: ({ params }) => params.id },
      handle: async ({ org, params }) => ok({ replayed: await events.deliveries.replay(org, { id: params.id }) }),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/events/replay',
      summary: 'Replay all dead letters',
      description: 'Those of one destination, or of all.',
      scope: 'upstreams:write',
      body: z.strictObject({ destination: name.optional() }).prefault({}),
      bodyExample: { destination: 'pager' },
      answers: {
        200: {
          description: 'How many wait again',
          schema: z.object({ replayed: z.int() }),
          example: { replayed: 12 },
        },
      },
      act: { action: 'events.replay', subject: ({ body }) => body.destination ?? '*' },
      handle: async ({ org, body: { destination: to } }) =>
        ok({ replayed: await events.deliveries.replay(org, to === undefined ? {} : { destination: to }) }),
    }),
  ];
}

/** What goes on record: not even the address, since whoever knows some may send by it. */
function withoutSecrets({ type, events }: Record<string, unknown>): Record<string, unknown> {
  return { type, events };
}
