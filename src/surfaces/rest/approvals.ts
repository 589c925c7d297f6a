import { z } from '@hono/zod-openapi';
import { Forbidden, may, mayActIn, subjectsOf } from '../../capabilities/access/index.ts';
import {
  type Approval,
  type Approvals,
  approvalStates,
  approvalsErrors,
  decisions,
} from '../../capabilities/approvals/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

export interface ApprovalRoutesDeps {
  approvals: Pick<Approvals, 'list' | 'show' | 'decide'>;
}

const longestPage = 200;
const params = z.strictObject({
  id: z.string().min(1).max(100).openapi({ example: 'apr_06exw4v5d0tq8m2k9r7h3n1c5b' }),
});

const approval = z
  .object({
    id: z.string(),
    org: z.string(),
    kind: z.enum(['confirm', 'approve']).openapi({
      description: 'Who may consent: `approve` is somebody else, `confirm` also the person whose agent asked',
    }),
    state: z.enum(approvalStates),
    asker: z.object({ id: z.string(), name: z.string(), kind: z.string() }).openapi({ description: 'Who asked' }),
    subject: z.string().openapi({ description: 'The person behind who asked, or who asked' }),
    tool: z.string(),
    toolDigest: z.string(),
    argumentDigest: z.string().openapi({ description: 'Keyed: the same for the same arguments on this server' }),
    editedDigest: z
      .string()
      .optional()
      .openapi({ description: 'Of the arguments that are used in place of those; absent where nobody changed them' }),
    policyVersion: z.string(),
    needed: z.int().openapi({ description: 'How many people have to approve' }),
    approvers: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Who decides, such as `team:ops`; absent for all who may' }),
    rule: z.string().openapi({ description: 'The rules that ask for consent' }),
    callId: z.string().openapi({ description: 'The call that asked' }),
    runCallId: z.string().optional().openapi({ description: 'The call that was made' }),
    createdAt: schemas.timeMs,
    expiresAt: schemas.timeMs,
    decidedAt: schemas.timeMs.optional(),
    endedAt: schemas.timeMs.optional(),
    outcome: schemas.outcome.optional(),
    outcomeUnknown: z.literal(true).optional().openapi({ description: 'It may have taken effect: nobody saw its end' }),
    reason: z.string().optional().openapi({ description: 'Why it ended without a result' }),
    backup: schemas.backup.optional(),
  })
  .openapi('Approval', { description: 'A call that waits, or waited, for consent' });

const preview = z
  .object({
    state: z.enum(['running', 'shown', 'none']),
    tool: z.string().optional(),
    callId: z.string().optional().openapi({ description: 'The call that showed it' }),
    text: z.string().optional().openapi({ description: 'As the tool told it, without what looks like a secret' }),
    cut: z.literal(true).optional().openapi({ description: 'The text was longer' }),
    reason: z.string().optional().openapi({ description: 'Why there is none' }),
  })
  .openapi('ApprovalPreview', {
    description: 'What the call would change, by the tool that is declared to show it; absent where none is',
  });

const detail = approval
  .extend({
    endpoint: z.string().optional(),
    arguments: schemas.anyObject.openapi({ description: 'As they were asked for' }),
    editedArguments: schemas.anyObject.optional().openapi({ description: 'What is used in place of them' }),
    preview: preview.optional(),
    decisions: z.array(
      z.object({
        decision: z.enum(decisions),
        by: z.string(),
        subject: z.string().openapi({ description: 'The person behind who decided' }),
        name: z.string(),
        comment: z.string().optional(),
        argumentDigest: z.string().optional().openapi({ description: 'Of the arguments that it was on' }),
        edited: z.literal(true).optional().openapi({ description: 'With arguments of their own' }),
        via: z.literal('elicitation').optional().openapi({ description: 'Said to the program that asked' }),
        at: schemas.timeMs,
      }),
    ),
  })
  .openapi('ApprovalDetail', { description: 'An approval with the arguments of its call and what was decided' });

const example = {
  id: 'apr_06exw4v5d0tq8m2k9r7h3n1c5b',
  org: 'default',
  kind: 'approve',
  state: 'pending',
  asker: { id: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b', name: 'deploy bot', kind: 'service' },
  subject: 'user:usr_06exw4v5d0tq8m2k9r7h3n1c5b',
  tool: 'tracker.delete_project',
  toolDigest: 'sha256:…',
  argumentDigest: '…',
  policyVersion: 'sha256:…',
  rule: 'ask-before-destroying',
  needed: 1,
  callId: 'call_06exw4v5d0tq8m2k9r7h3n1c5b',
  createdAt: 1_795_219_200_000,
  expiresAt: 1_795_222_800_000,
};
const exampleDetail = {
  ...example,
  arguments: { project: 'harbour' },
  preview: {
    state: 'shown',
    tool: 'tracker.get_project',
    callId: 'call_06exw4v5d0tq8m2k9r7h3n1c5c',
    text: '12 issues',
  },
  decisions: [],
};
const named = (...codes: string[]) => approvalsErrors.filter(({ code }) => codes.includes(code));

/** Calls that wait for consent: one's own for everybody, those of all for who may decide. */
export function approvalRoutes({ approvals }: ApprovalRoutesDeps): Route[] {
  const common = { tag: 'Approvals', inOrg: true } as const;
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/approvals',
      summary: 'List approvals',
      description:
        'Calls that wait for consent, or waited, newest first: with the scope `approvals:decide` those of the ' +
        'organisation, otherwise those that you, or keys of yours, asked for, and those that you are named to decide.',
      query: z.object({
        state: z
          .enum([...approvalStates, 'open'])
          .optional()
          .openapi({ description: 'Only these; `open` are `pending` and `deferred`' }),
        limit: z.coerce.number().int().min(1).max(longestPage).default(50),
        cursor: z.string().max(100).optional().openapi({ description: '`next` of the page before' }),
      }),
      answers: {
        200: {
          description: 'The approvals',
          schema: z.object({ approvals: z.array(approval), next: z.string().optional() }),
          example: { approvals: [example] },
        },
      },
      async handle({ principal, org, query: { state, limit, cursor } }) {
        const all = seesAll(principal, org);
        if (!all && org !== principal.org) throw Forbidden({ scope: 'approvals:decide' });
        const found = await approvals.list(org, {
          limit: limit + 1,
          ...(state === undefined ? {} : { states: state === 'open' ? ['pending', 'deferred'] : [state] }),
          ...(all ? {} : { of: { id: principal.id, subjects: subjectsOf(principal) } }),
          ...(cursor === undefined ? {} : { before: cursor }),
        });
        const page = found.slice(0, limit);
        const next = found.length > limit ? page.at(-1)?.id : undefined;
        return ok({ approvals: page.map(shown), ...(next === undefined ? {} : { next }) });
      },
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/v1/approvals/{id}',
      summary: 'Get an approval',
      description:
        'One of them, with the arguments of its call and what was decided. What the call came to is told to who asked, by ' +
        'the tool `fairlead.approval_result`, and to nobody else.',
      params,
      answers: { 200: { description: 'The approval', schema: detail, example: exampleDetail } },
      errors: [NotFound],
      handle: async ({ principal, org, params: { id } }) => ok(shown(await approvals.show(org, id, principal))),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/approvals/{id}/decision',
      summary: 'Decide on an approval',
      description:
        'Approves, rejects or defers. An approved call is made at once, by whichever server is first, and at most once. ' +
        'Takes the scope `approvals:decide`, and somebody else than who asked or the owner of the key that asked; a call of the ' +
        'kind `confirm` is also confirmed by that owner, with a credential of their own. Of several decisions the first counts; a ' +
        'deferred one is still to be decided.\n\n' +
        'With `arguments` the call is made with these in place of those that were asked for, if a call of who asked would get through ' +
        'with them: they fit the schema, and policy and limits let them pass. Who asked is told of both.',
      params,
      body: z
        .strictObject({
          decision: z.enum(decisions),
          comment: z.string().trim().min(1).max(2_000).optional().openapi({ description: 'Told to who asked' }),
          arguments: schemas.anyObject.optional().openapi({
            description: 'With `approve`: what the tool is called with, whole, in place of what was asked for',
          }),
          seen: z.string().max(200).optional().openapi({
            description:
              'Digest of the arguments that you looked at: a decision on others is refused. Needed to approve what somebody has changed',
          }),
        })
        .refine(({ decision, arguments: args }) => args === undefined || decision === 'approve', {
          message: 'goes with approve alone',
          path: ['arguments'],
        }),
      bodyExample: { decision: 'approve', comment: 'Agreed with Kim.' },
      answers: {
        200: {
          description: 'The approval as it is now',
          schema: approval,
          example: { ...example, state: 'approved', decidedAt: 1_795_219_260_000 },
        },
      },
      errors: [
        NotFound,
        ...named(
          'APPROVAL_DECIDED',
          'APPROVED_ALREADY',
          'APPROVAL_CHANGED',
          'APPROVAL_VOID',
          'SELF_APPROVAL',
          'NOT_APPROVER',
          'EDIT_REFUSED',
          'EDIT_NEEDS_OTHERS',
        ),
      ],
      act: {
        action: 'approvals.decide',
        subject: ({ params: { id } }) => id,
        // Arguments can hold what no record may: their digest says which they were.
        detail: ({ body: { arguments: args, ...said } }) => ({ ...said, ...(args ? { edited: true } : {}) }) as never,
        told(made) {
          const { tool, argumentDigest, editedDigest, callId } = made as Approval;
          return { tool, argumentDigest, ...(editedDigest === undefined ? {} : { editedDigest }), callId };
        },
      },
      async handle({ principal, org, params: { id }, body }) {
        return ok(
          shown(await approvals.decide(org, id, principal, { ...body, arguments: body.arguments as JsonObject })),
        );
      },
    }),
  ];
}

function seesAll(principal: Principal, org: OrgId): boolean {
  return may(principal, 'approvals:decide') && mayActIn(principal, org);
}

function shown<T extends Approval>({ asker: { id, name, kind }, ...rest }: T) {
  return { ...rest, asker: { id, name, kind } };
}
