import { z } from '@hono/zod-openapi';
import {
  type Catalog,
  diffOf,
  type Review,
  type ReviewDecision,
  ReviewStale,
  type Reviews,
  renderDiff,
} from '../../capabilities/catalog/index.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const kind = z.enum(['tool', 'prompt', 'template', 'instructions']);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be a digest such as sha256:5f8f...');

const review = z
  .object({
    toolset: z.string(),
    kind,
    name: z.string().openapi({ description: "Empty for a toolset's instructions, which stand for its resources too" }),
    state: z.enum(['new', 'changed', 'quarantined', 'rejected', 'accepted']),
    served: z.boolean().openapi({ description: 'Whether callers have it, if only in its accepted form' }),
    pinned: z.boolean(),
    reason: z.string().optional(),
    digest: digest.openapi({ description: 'Of the form that is offered now' }),
    acceptedDigest: digest.optional(),
    acceptedBy: z.string().optional(),
    acceptedAt: schemas.timeMs.optional(),
    renamedFrom: z.string().optional(),
    findings: z.array(
      z.object({
        code: z.string(),
        severity: z.enum(['warning', 'danger']),
        path: z.string(),
        message: z.string(),
        excerpt: z.string().optional(),
      }),
    ),
    definition: schemas.anyObject.optional().openapi({ description: 'The form that is offered now' }),
    accepted: schemas.anyObject.optional().openapi({ description: 'The form that was accepted' }),
    diff: z.array(z.string()).optional().openapi({ description: 'Lines; hidden characters made visible' }),
  })
  .openapi('Review', { description: 'One definition of an upstream, as it is offered and as it was accepted' });

const decision = z
  .strictObject({
    toolset: z.string().min(1).max(100),
    kind,
    name: z.string().max(1_024),
    digest,
    decision: z.enum(['accept', 'reject', 'pin']),
  })
  .openapi('ReviewDecision');

const exampleDigest = 'sha256:5f8f0c7b5d9d6c7e3a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778';
const exampleAbout = { toolset: 'tickets', kind: 'tool' as const, name: 'create_ticket' };
const shownWidth = 100;
const waiting: readonly Review['state'][] = ['new', 'changed', 'quarantined'];

/** What upstreams offer, against what was accepted of it. */
export function reviewRoutes({ catalog }: { catalog: Pick<Catalog, 'reviews'> }): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/reviews',
      tag: 'Reviews',
      summary: 'List definitions to look at',
      description:
        'Definitions of tools, prompts, resource templates and instructions that wait for a decision: new ones of ' +
        'upstreams that are reviewed, and all that have changed. With findings: hidden characters, instructions aimed ' +
        'at the model, promises taken back.',
      scope: 'upstreams:read',
      inOrg: true,
      query: z.strictObject({
        toolset: z.string().max(100).optional(),
        kind: kind.optional(),
        name: z.string().max(1_024).optional(),
        all: schemas.flag.optional().openapi({ description: 'Those too that are accepted or rejected' }),
        details: schemas.flag.optional().openapi({ description: 'With both forms and what differs' }),
      }),
      answers: {
        200: {
          description: 'The definitions',
          schema: z.object({ reviews: z.array(review) }),
          example: { reviews: [exampleReview] },
        },
      },
      async handle({ org, query: { toolset, kind: only, name, all, details } }) {
        const found = catalog.reviews
          .list(org)
          .filter(
            (one) =>
              (all || waiting.includes(one.state)) &&
              (toolset === undefined || one.toolset === toolset) &&
              (only === undefined || one.kind === only) &&
              (name === undefined || one.name === name),
          );
        const findings = await catalog.reviews.examine(org, found);
        return ok({ reviews: found.map((one, at) => shown(one, findings[at] ?? [], details ?? false)) });
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/reviews',
      tag: 'Reviews',
      summary: 'Decide on definitions',
      description:
        'Accepts, rejects or pins definitions, each by the digest of the form that was looked at: a form that came ' +
        'meanwhile is not decided on. `pin` accepts, and quarantines any other form from then on. All decisions of a ' +
        'toolset are taken, or none.',
      scope: 'tools:review',
      inOrg: true,
      body: z.strictObject({ decisions: z.array(decision).min(1).max(2_000) }),
      bodyExample: { decisions: [{ ...exampleAbout, digest: exampleDigest, decision: 'accept' }] },
      answers: {
        200: { description: 'Taken', schema: z.object({ decided: z.int() }), example: { decided: 1 } },
      },
      errors: [ReviewStale],
      act: {
        action: 'definitions.review',
        subject: ({ body }) => [...new Set(body.decisions.map(({ toolset }) => toolset))].join(' ').slice(0, 200),
        detail: ({ body }) => ({ decisions: body.decisions.map(keptOf) }),
      },
      async handle({ principal, org, body: { decisions } }) {
        await catalog.reviews.decide(org, decisions, principal.id);
        return ok({ decided: decisions.length });
      },
    }),
  ];
}

function keptOf({ decision: verb, toolset, kind: what, name, digest: of }: ReviewDecision): string {
  return `${verb} ${what} ${toolset}.${name} ${of}`;
}

function shown(one: Review, findings: Awaited<ReturnType<Reviews['examine']>>[number], details: boolean) {
  const { toolset, kind: what, name, state, served, pinned, reason, offered, accepted, renamedFrom } = one;
  const before = accepted?.definition;
  return {
    toolset,
    kind: what,
    name,
    state,
    served,
    pinned,
    ...(reason === undefined ? {} : { reason }),
    digest: offered.digest,
    ...(accepted ? { acceptedDigest: accepted.digest, acceptedBy: accepted.by, acceptedAt: accepted.at } : {}),
    ...(renamedFrom === undefined ? {} : { renamedFrom }),
    findings,
    ...(details
      ? {
          definition: offered.definition,
          ...(before ? { accepted: before } : {}),
          diff: renderDiff(diffOf(before, offered.definition), { width: shownWidth }),
        }
      : {}),
  };
}

const exampleReview = {
  ...exampleAbout,
  state: 'changed',
  served: true,
  pinned: false,
  digest: exampleDigest,
  acceptedDigest: `sha256:${'0'.repeat(64)}`,
  acceptedBy: 'first use',
  acceptedAt: 1_795_219_200_000,
  findings: [
    {
      code: 'hidden_characters',
      severity: 'danger',
      path: 'description',
      message: 'Holds characters that nobody sees.',
    },
  ],
};
