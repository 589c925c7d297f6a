import { z } from '@hono/zod-openapi';
import {
  type Collection,
  type CollectionVectors,
  type Knowledge,
  knowledgeErrors,
  usualReadLimits,
} from '../../capabilities/knowledge/index.ts';
import { collectionChoice } from '../../config/schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { SentFile } from './input.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const tag = 'Knowledge';
const named = (...codes: string[]) => knowledgeErrors.filter(({ code }) => codes.includes(code));
const nameParams = z.strictObject({
  name: z.string().min(1).max(100).openapi({ description: 'Name of the collection', example: 'handbook' }),
});

const collection = z
  .object({
    name: z.string(),
    description: z.string(),
    source: z.enum(['file', 'runtime']),
    readers: z.array(z.string()),
    writers: z.array(z.string()),
    encrypted: z.boolean(),
    documents: z.int(),
    passages: z.int(),
    version: z.int().openapi({ description: 'Counts every change of its documents' }),
    model: z.string().optional().openapi({ description: 'By whose vectors passages are found as well' }),
    vectors: z
      .object({
        passages: z.int().openapi({ description: 'Passages that have a vector' }),
        next: z
          .object({ model: z.string(), passages: z.int() })
          .optional()
          .openapi({ description: 'Those that take over when all passages have one' }),
        tokens: z.int().openapi({ description: 'Spent on this collection since it is there' }),
        cost: z.number().openapi({ description: 'Of these tokens, where the model has a price in the settings' }),
      })
      .optional(),
    changedBy: z.string(),
    changedAt: schemas.timeMs,
  })
  .openapi('Collection', { description: 'Documents with those who may read them' });
const exampleCollection = {
  name: 'handbook',
  description: 'How we work: runbooks, decisions, guides',
  source: 'runtime',
  readers: ['everyone'],
  writers: ['role:developer'],
  encrypted: false,
  documents: 212,
  passages: 1_880,
  version: 431,
  model: 'text-embedding-3-small',
  vectors: { passages: 1_880, tokens: 412_000, cost: 0.00824 },
  changedBy: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b',
  changedAt: 1_795_219_200_000,
};

const counts = z.object({
  seen: z.int(),
  added: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  removed: z.int(),
  skipped: z.int(),
  failed: z.int(),
  expected: z.int().openapi({ description: 'How many there were before, where all are looked at' }),
});
const run = z
  .object({
    id: z.string(),
    collection: z.string(),
    source: z.string(),
    state: z.enum(['running', 'done', 'failed', 'stopped']),
    counts: counts.partial(),
    problems: z.array(z.object({ uri: z.string(), reason: z.string() })),
    startedAt: schemas.timeMs,
    endedAt: schemas.timeMs.optional(),
    reason: z.string().optional(),
  })
  .openapi('SyncRun', { description: 'One pass over a source' });
const exampleRun = {
  id: 'run_06exw4v5d0tq8m2k9r7h3n1c5b',
  collection: 'handbook',
  source: 'docs',
  state: 'done',
  counts: { seen: 212, added: 3, changed: 1, unchanged: 207, removed: 2, skipped: 4, failed: 1 },
  problems: [{ uri: 'scans/plan.pdf', reason: 'The document "plan.pdf" cannot be read (no text): ...' }],
  startedAt: 1_795_219_200_000,
  endedAt: 1_795_219_204_000,
};

const file = z.custom<SentFile>((value) => typeof value === 'object' && value !== null && 'bytes' in value, {
  error: 'must be a file',
});
const documentFields = {
  collection: z.string().min(1).max(100).openapi({ description: 'Name of the collection' }),
  name: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .openapi({ description: "What it is called there; the file's own name when absent" }),
  title: z.string().min(1).max(300).optional(),
};

type Sizes = Awaited<ReturnType<Knowledge['sizes']>>;
type Vectors = Awaited<ReturnType<Knowledge['vectors']['read']>>;

/** Collections of documents, what goes into them, and the passes over their sources. Agents ask them by tools. */
export function knowledgeRoutes({ knowledge, clock }: { knowledge: Knowledge; clock: Clock }): Route[] {
  const shown = (one: Collection, sizes: Sizes, vectors: Vectors) => {
    const { settings, declared, name, version, changedBy, changedAt } = one;
    const { description, readers, writers, encrypted } = settings;
    const size = sizes.get(one.id);
    const embedded = vectors.get(one.id);
    return {
      ...{ name, description, source: declared ? 'file' : 'runtime' },
      ...{ readers, writers, encrypted },
      ...{ documents: size?.documents ?? 0, passages: size?.chunks ?? 0, version, changedBy, changedAt },
      ...(embedded ? vectorsShown(embedded) : {}),
    };
  };

  return [
    route({
      method: 'get',
      path: '/api/v1/knowledge/collections',
      tag,
      summary: 'List collections',
      description: 'The collections of the organisation with what is in them, by name.',
      scope: 'knowledge:write',
      inOrg: true,
      answers: {
        200: {
          description: 'The collections',
          schema: z.object({ collections: z.array(collection) }),
          example: { collections: [exampleCollection] },
        },
      },
      async handle({ org }) {
        const all = await knowledge.collections.list(org);
        const [sizes, vectors] = [await knowledge.sizes(org), await knowledge.vectors.read(org)];
        return ok({ collections: all.map((one) => shown(one, sizes, vectors)) });
      },
    }),
    route({
      method: 'put',
      path: '/api/v1/knowledge/collections/{name}',
      tag,
      summary: 'Add or change a collection',
      description: 'Adds a collection while the server runs, or changes who may read and write one that was added so.',
      scope: 'knowledge:write',
      inOrg: true,
      params: nameParams,
      body: z.strictObject({ settings: schemas.anyObject }), // held against its schema by the capability
      documentedBody: z.strictObject({ settings: collectionChoice }),
      bodyExample: { settings: { description: 'How we work', readers: ['everyone'], writers: ['role:developer'] } },
      answers: { 200: { description: 'There from now on', schema: collection, example: exampleCollection } },
      errors: named('COLLECTION_DECLARED', 'COLLECTION_ENCRYPTION_FIXED'),
      act: { action: 'knowledge.collections.put', subject: ({ params }) => params.name },
      async handle({ principal, org, params, body }) {
        const one = await knowledge.collections.put(org, params.name, body.settings, principal.id);
        return ok(shown(one, await knowledge.sizes(org), await knowledge.vectors.read(org)));
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/knowledge/collections/{name}',
      tag,
      summary: 'Remove a collection',
      description: 'Removes a collection that was added at run time, with all of its documents.',
      scope: 'knowledge:write',
      inOrg: true,
      params: nameParams,
      answers: { 204: { description: 'Removed' } },
      errors: [NotFound, ...named('COLLECTION_DECLARED')],
      act: { action: 'knowledge.collections.remove', subject: ({ params }) => params.name },
      async handle({ org, params }) {
        await knowledge.collections.remove(org, params.name);
        return { status: 204 };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/knowledge/collections/{name}/verify',
      tag,
      summary: 'Check a collection',
      description: 'Holds documents, passages and the index of a collection against each other.',
      scope: 'knowledge:write',
      inOrg: true,
      params: nameParams,
      answers: {
        200: {
          description: 'What disagrees; nothing does, unless something is broken',
          schema: z.object({
            ok: z.boolean(),
            disagreements: z.array(z.object({ what: z.string(), count: z.int() })),
            pending: z.int().openapi({ description: 'Passages that wait for their vector; no fault' }),
          }),
          example: { ok: true, disagreements: [], pending: 0 },
        },
      },
      errors: named('UNKNOWN_COLLECTION'),
      async handle({ org, params }) {
        const { disagreements, pending } = await knowledge.verify(org, params.name);
        return ok({ ok: disagreements.length === 0, disagreements, pending });
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/knowledge/collections/{name}/rebuild',
      tag,
      summary: 'Make the vectors of a collection anew',
      description:
        'Has all passages embedded again by the same model, beside the vectors that are searched; the new ones take over when all are there.',
      scope: 'knowledge:write',
      inOrg: true,
      params: nameParams,
      body: z.strictObject({}),
      bodyExample: {},
      answers: { 202: { description: 'Begun', schema: z.object({ passages: z.int() }), example: { passages: 1_880 } } },
      errors: named('UNKNOWN_COLLECTION', 'COLLECTION_WITHOUT_MODEL'),
      act: { action: 'knowledge.rebuild', subject: ({ params }) => params.name },
      async handle({ org, params }) {
        await knowledge.rebuild(org, params.name);
        const one = await knowledge.collections.find(org, params.name);
        return { status: 202, body: { passages: (one && (await knowledge.sizes(org)).get(one.id)?.chunks) ?? 0 } };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/knowledge/documents',
      tag,
      summary: 'Send in a document',
      description:
        'Adds a file of at most 50 MB to a collection in which you may write, or takes the place of the one of that name; it can be found as soon as this is answered.',
      scope: 'tools:call',
      form: { maxBytes: usualReadLimits.maxBytes + 64 * 1024 },
      body: z.strictObject({ ...documentFields, file }),
      documentedBody: z.strictObject({
        ...documentFields,
        file: z.string().openapi({ format: 'binary', description: 'The document itself' }),
      }),
      bodyExample: { collection: 'handbook', file: '(the bytes)' },
      answers: {
        201: {
          description: 'It can be found',
          schema: z.object({
            document: z.int(),
            passages: z.int(),
            title: z.string(),
            warnings: z.array(z.string()).openapi({ description: 'What was not read as it should be' }),
          }),
          example: { document: 17, passages: 9, title: 'Rolling back', warnings: [] },
        },
      },
      errors: named('DOCUMENT_UNREADABLE', 'UNKNOWN_COLLECTION', 'COLLECTION_NOT_WRITABLE'),
      act: {
        action: 'knowledge.documents.add',
        subject: ({ body }) => `${body.collection}/${body.name ?? body.file.name}`.slice(0, 300),
        detail: ({ body }) => ({ bytes: body.file.bytes.byteLength }),
      },
      async handle({ c, principal, body: { collection: into, name, title, file: sent } }) {
        const document = {
          ...{ collection: into, name: name ?? sent.name, bytes: sent.bytes },
          ...(sent.mediaType && sent.mediaType !== 'application/octet-stream' ? { mediaType: sent.mediaType } : {}),
          ...(title === undefined ? {} : { title }),
        };
        return { status: 201, body: await knowledge.add(principal, document, c.req.raw.signal) };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/knowledge/runs',
      tag,
      summary: 'List the latest passes over sources',
      description: 'Of each source of each collection the latest pass, with what it found and what it could not read.',
      scope: 'knowledge:write',
      inOrg: true,
      answers: {
        200: { description: 'The passes', schema: z.object({ runs: z.array(run) }), example: { runs: [exampleRun] } },
      },
      handle: async ({ org }) => ok({ runs: await knowledge.runs(org) }),
    }),
    route({
      method: 'post',
      path: '/api/v1/knowledge/collections/{name}/sync',
      tag,
      summary: 'Read the sources of a collection now',
      description: 'Begins a pass over each source and answers at once; the list of passes tells how far they are.',
      scope: 'knowledge:write',
      inOrg: true,
      params: nameParams,
      body: z.strictObject({ source: z.string().min(1).max(100).optional() }),
      bodyExample: { source: 'docs' },
      answers: {
        202: {
          description: 'Begun',
          schema: z.object({
            sources: z.array(z.string()),
            at: schemas.timeMs.openapi({ description: 'Passes that begin from then on are those asked for' }),
          }),
          example: { sources: ['docs'], at: 1_795_219_200_000 },
        },
      },
      errors: [NotFound, ...named('UNKNOWN_COLLECTION')],
      act: { action: 'knowledge.sync', subject: ({ params }) => params.name },
      async handle({ org, params, body }) {
        const at = clock.now();
        return { status: 202, body: { sources: await knowledge.begin(org, params.name, body.source), at } };
      },
    }),
  ];
}

function vectorsShown({ model, vectors, next, nextVectors, tokens, cost }: CollectionVectors) {
  return {
    ...(model === '' ? {} : { model }),
    vectors: {
      passages: vectors,
      ...(next === undefined ? {} : { next: { model: next, passages: nextVectors } }),
      tokens,
      cost,
    },
  };
}
