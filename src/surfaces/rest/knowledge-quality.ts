import { z } from '@hono/zod-openapi';
import { evaluationInput, gapDays, type Knowledge, knowledgeErrors } from '../../capabilities/knowledge/index.ts';
import type { Policy } from '../../capabilities/policy/index.ts';
import { Denied, type Gateway } from '../../gateway/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import { knowledgeToolset } from '../../kernel/names.ts';
import type { Principal } from '../../kernel/principal.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const tag = 'Knowledge';
const unknownCollection = knowledgeErrors.filter(({ code }) => code === 'UNKNOWN_COLLECTION');

const share = z.number().nullable();
const figures = z
  .object({
    questions: z.int(),
    right: z.int().openapi({ description: 'Answered and told so, or rightly told that nothing fits' }),
    hitRateAt1: share,
    hitRateAt5: share,
    hitRate: share.openapi({ description: 'Of questions that have an answer, how many have it among the passages' }),
    mrr: share.openapi({ description: 'Mean of one by the position of the answer' }),
    abstentionPrecision: share.openapi({ description: 'Of those told to have no answer, how many have none' }),
    abstentionRecall: share.openapi({ description: 'Of those that have no answer, how many were told so' }),
  })
  .openapi('EvaluationFigures', { description: 'A figure is null where there is nothing to count' });
const exampleFigures = {
  ...{ questions: 93, right: 84, hitRateAt1: 0.82, hitRateAt5: 0.97, hitRate: 0.97, mrr: 0.88 },
  ...{ abstentionPrecision: 0.8, abstentionRecall: 0.94 },
};
const documentName = z
  .object({
    document: z.int(),
    collection: z.string(),
    uri: z.string(),
    url: z.string().optional(),
    title: z.string(),
  })
  .openapi('DocumentName');
const exampleName = { document: 17, collection: 'handbook', uri: 'release-process.md', title: 'Release process' };
const summary = z
  .object({
    id: z.string(),
    name: z.string(),
    at: schemas.timeMs,
    madeBy: z.string(),
    figures: z.object({
      all: figures,
      tags: z.record(z.string(), figures),
      collections: z.record(z.string(), figures),
    }),
  })
  .openapi('EvaluationSummary');
const exampleSummary = {
  ...{ id: 'evaluation_06exw4v5d0tq8m2k9r7h3n1c5b', name: 'harbour', at: 1_795_219_200_000 },
  madeBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
  figures: { all: exampleFigures, tags: {}, collections: { handbook: exampleFigures } },
};
const evaluation = summary
  .extend({
    misses: z
      .array(
        z.object({
          key: z.string().openapi({ description: 'Its id, or the question itself' }),
          question: z.string(),
          expect: z.array(z.string()),
          tags: z.array(z.string()),
          collections: z.array(z.string()),
          wanted: z.boolean().openapi({ description: 'Whether there is an answer to be found' }),
          answerable: z.boolean().openapi({ description: 'Whether it was told to be answered' }),
          confidence: z.number(),
          rank: z.int().optional().openapi({ description: 'Position of the passage that answers it, from 1' }),
          right: z.boolean(),
          found: z.array(documentName).openapi({ description: 'What came first, as far as you may read it' }),
          absent: z.array(z.string()).openapi({ description: 'Expected documents that there are none of' }),
        }),
      )
      .openapi({ description: 'Questions that were not answered as they should be' }),
    change: z
      .object({
        since: schemas.timeMs,
        newlyRight: z.array(z.string()),
        newlyWrong: z.array(z.string()),
        added: z.int(),
        gone: z.int(),
        before: figures,
      })
      .optional()
      .openapi({ description: 'Against the time before, of the same name' }),
  })
  .openapi('Evaluation');
const exampleEvaluation = {
  ...exampleSummary,
  misses: [
    {
      ...{ key: 'when is the release freeze', question: 'when is the release freeze', expect: ['release-process.md'] },
      ...{ tags: ['not-extracted'], collections: ['handbook'], wanted: true, answerable: true, confidence: 0.7 },
      ...{ right: false, found: [exampleName], absent: [] },
    },
  ],
};

const gap = z
  .object({
    id: z.string(),
    query: z.string().openapi({ description: 'As it was asked the last time, without what looks like a secret' }),
    collections: z.array(z.string()).openapi({ description: 'That were asked; all when empty' }),
    count: z.int(),
    confidence: z.number().openapi({ description: 'The best that was ever found for it' }),
    firstAt: schemas.timeMs,
    lastAt: schemas.timeMs,
  })
  .openapi('KnowledgeGap', { description: 'A question that found nothing, or nothing that fits' });
const exampleGap = {
  ...{ id: '3f9a1c0de47b5a21', query: 'how do we rotate the signing key', collections: [], count: 14 },
  ...{ confidence: 0.31, firstAt: 1_795_219_200_000, lastAt: 1_795_219_900_000 },
};

const stale = z.object({
  total: z.int(),
  documents: z.array(
    z.object({
      collection: z.string(),
      source: z.string(),
      uri: z.string(),
      title: z.string(),
      changedAt: schemas.timeMs.optional(),
      confirmedAt: schemas.timeMs,
    }),
  ),
});
const report = z
  .object({
    days: z.int(),
    unchanged: stale.openapi({ description: 'Not changed by their source within the days; the oldest of them' }),
    unconfirmed: stale.openapi({ description: 'Their source was not seen to have them for a week' }),
    duplicates: z.array(
      z.object({
        similarity: z.number().openapi({ description: 'Share of what two of them say that both say; 1 for the same' }),
        documents: z.array(documentName),
      }),
    ),
    allCompared: z.boolean().openapi({ description: 'False where there was too much to be compared as a whole' }),
    unhelpful: z.array(
      z.object({
        passage: z.int(),
        collection: z.string(),
        uri: z.string(),
        title: z.string(),
        headings: z.array(z.string()),
        text: z.string(),
        unhelpful: z.int(),
        helpful: z.int(),
        notes: z.array(z.object({ at: schemas.timeMs, note: z.string().nullable(), query: z.string().nullable() })),
      }),
    ),
  })
  .openapi('KnowledgeReport');
const exampleReport = {
  days: 180,
  unchanged: { total: 0, documents: [] },
  unconfirmed: { total: 0, documents: [] },
  duplicates: [{ similarity: 0.74, documents: [exampleName, { ...exampleName, document: 31, uri: 'old/release.md' }] }],
  ...{ allCompared: true, unhelpful: [] },
};

const days = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

export interface KnowledgeQualityDeps {
  knowledge: Knowledge;
  policy: Pick<Policy, 'decide'>;
  gateway: Pick<Gateway, 'view'>;
}

/** How good the answers to the team's questions are, what was asked in vain, and which documents need care. */
export function knowledgeQualityRoutes({ knowledge, policy, gateway }: KnowledgeQualityDeps): Route[] {
  /** What policy keeps from somebody who asks by the tool it keeps from them here. */
  const permitFor = (principal: Principal, clientAddress: string | undefined) => {
    const tool = gateway.view(principal.org).findTool(`${knowledgeToolset}.query`);
    const origin = { surface: 'rest', ...(clientAddress === undefined ? {} : { clientAddress }) } as const;
    return ({ question: query, collections }: { question: string; collections?: string[] | undefined }) => {
      if (!tool) return; // there is nothing to be asked
      const args = { query, ...(collections ? { collections } : {}) };
      const { allowed, unattended, rules } = policy.decide(principal, tool, args, origin);
      const rule = rules.join(', ') || 'no policy permits it';
      if (!allowed || !unattended) throw Denied({ tool: tool.id, rule }, { rule });
    };
  };

  return [
    route({
      method: 'post',
      path: '/api/v1/knowledge/evaluations',
      tag,
      summary: 'Ask a set of questions',
      description:
        'Asks each question as you, holds what comes against what is expected, keeps the figures, and tells what has changed since the same set was asked last.',
      scope: 'knowledge:write',
      body: evaluationInput,
      bodyExample: {
        name: 'harbour',
        questions: [
          { question: 'how do we roll back a release', expect: 'runbooks/rollback.md', tags: ['runbooks'] },
          { question: 'when does the canteen open', expect: 'none' },
        ],
      },
      answers: { 201: { description: 'What came of it', schema: evaluation, example: exampleEvaluation } },
      errors: [...unknownCollection, Denied],
      act: {
        action: 'knowledge.evaluate',
        subject: ({ body }) => body.name,
        detail: ({ body }) => ({ questions: body.questions.length }),
      },
      async handle({ c, principal, body, clientAddress }) {
        const asker = knowledge.askerOf(principal);
        const { evaluations } = knowledge.quality;
        const how = { signal: c.req.raw.signal, permit: permitFor(principal, clientAddress) };
        return { status: 201, body: await evaluations.run(asker, principal.id, body, how) };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/knowledge/evaluations',
      tag,
      summary: 'List evaluations',
      description: 'The last twenty of each name with their figures, newest first.',
      scope: 'knowledge:write',
      query: z.strictObject({ name: z.string().min(1).max(100).optional() }),
      answers: {
        200: {
          description: 'The evaluations',
          schema: z.object({ evaluations: z.array(summary) }),
          example: { evaluations: [exampleSummary] },
        },
      },
      handle: async ({ principal, query }) =>
        ok({ evaluations: await knowledge.quality.evaluations.list(knowledge.askerOf(principal), query.name) }),
    }),
    route({
      method: 'get',
      path: '/api/v1/knowledge/evaluations/{id}',
      tag,
      summary: 'Show an evaluation',
      description: 'Its figures, its misses with what came instead, and the change against the time before.',
      scope: 'knowledge:write',
      params: z.strictObject({ id: z.string().min(1).max(100) }),
      answers: { 200: { description: 'The evaluation', schema: evaluation, example: exampleEvaluation } },
      errors: [NotFound],
      handle: async ({ principal, params }) =>
        ok(await knowledge.quality.evaluations.find(knowledge.askerOf(principal), params.id)),
    }),
    route({
      method: 'get',
      path: '/api/v1/knowledge/gaps',
      tag,
      summary: 'List questions without an answer',
      description: 'What agents asked and found nothing for, or nothing that fits, most asked first.',
      scope: 'knowledge:write',
      inOrg: true,
      query: z.strictObject({ days: days(gapDays, 30), limit: z.coerce.number().int().min(1).max(500).default(100) }),
      answers: {
        200: {
          description: 'The questions',
          schema: z.object({ gaps: z.array(gap) }),
          example: { gaps: [exampleGap] },
        },
      },
      handle: async ({ org, query }) => ok({ gaps: await knowledge.quality.gaps.list(org, query) }),
    }),
    route({
      method: 'delete',
      path: '/api/v1/knowledge/gaps/{id}',
      tag,
      summary: 'Dismiss a question without an answer',
      description: 'It is not listed any more, however often it is asked; for what these documents are not about.',
      scope: 'knowledge:write',
      inOrg: true,
      params: z.strictObject({ id: z.string().min(1).max(100) }),
      answers: { 204: { description: 'Dismissed' } },
      errors: [NotFound],
      act: { action: 'knowledge.gaps.dismiss', subject: ({ params }) => params.id },
      async handle({ org, params }) {
        await knowledge.quality.gaps.dismiss(org, params.id);
        return { status: 204 };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/knowledge/report',
      tag,
      summary: 'Show which documents need care',
      description:
        'Stale documents, documents that say the same or nearly so, and passages that did not help, of what you may read.',
      scope: 'knowledge:write',
      query: z.strictObject({ collection: z.string().min(1).max(100).optional(), days: days(3_650, 180) }),
      answers: { 200: { description: 'The report', schema: report, example: exampleReport } },
      errors: unknownCollection,
      handle: async ({ principal, query }) =>
        ok(await knowledge.quality.reports.make(knowledge.askerOf(principal), query)),
    }),
  ];
}
