import { z } from '@hono/zod-openapi';
import type { Audit, AuditFilter } from '../../capabilities/audit/index.ts';
import { NotFound } from '../../kernel/errors.ts';
import { ok, type Route, route } from './route.ts';
import * as schemas from './schemas.ts';

const largestTime = 8_640_000_000_000_000; // of a Date

const time = z
  .union(
    [
      z
        .string()
        .regex(/^\d{1,16}$/)
        .transform(Number),
      z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
      z.iso.date().transform((text) => Date.parse(text)),
    ],
    'must be a time such as 2026-03-01T12:00:00Z, a date, or milliseconds since the epoch',
  )
  .refine((ms) => ms <= largestTime, 'is too far away')
  .optional();

const text = z.string().min(1).max(1_000).optional();

const filterShape = {
  tool: text.openapi({ description: 'Canonical id of a tool', example: 'files.write_file' }),
  principal: text.openapi({ description: 'Id of a principal' }),
  outcome: schemas.outcome.optional(),
  kind: z.enum(['call', 'act']).optional(),
  parent: text.openapi({ description: 'Id of the call that made these calls' }),
  since: time.openapi({ type: 'string', description: 'Time, date or milliseconds since the epoch; inclusive' }),
  until: time.openapi({ type: 'string', description: 'The same; exclusive' }),
};

type FilterQuery = z.output<z.ZodObject<typeof filterShape>>;

const exampleRecord = {
  seq: 42,
  hash: '9b74c9897bac770ffc029102a200c5de0f0d5c5c3b1f4d8e2a6b7c8d9e0f1a2b',
  id: 'call_06exw4v5d0tq8m2k9r7h3n1c5b',
  org: 'default',
  at: 1_795_219_200_000,
  kind: 'call',
  principal: { id: 'key:key_06exw4v5d0tq8m2k9r7h3n1c5b', name: 'build agent', kind: 'service', roles: ['developer'] },
  surface: 'mcp',
  operation: 'tool',
  tool: 'everything.echo',
  arguments: { message: 'hello' },
  outcome: 'ok',
  durationMs: 3,
  upstream: 'everything',
  replica: 'replica_06exw4v5d0tq8m2k9r7h3n1c5b',
};

const anchor = z
  .string()
  .regex(/^[1-9]\d{0,14}:[0-9a-f]{64}$/, 'must be the number and the hash of a record, with a colon between')
  .transform((text) => ({ seq: Number.parseInt(text, 10), hash: text.slice(text.indexOf(':') + 1) }))
  .optional()
  .openapi({
    type: 'string',
    description: '`seq` and `hash` of the `head` of an earlier answer, with a colon between',
    example: `${exampleRecord.seq}:${exampleRecord.hash}`,
  });

/** What happened. */
export function auditRoutes({ audit }: { audit: Pick<Audit, 'list' | 'get' | 'exportJsonl' | 'verify'> }): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/audit',
      tag: 'Audit',
      summary: 'List audit records',
      description: 'Calls and administrative acts, newest first, a page at a time: give `next` as `cursor` for more.',
      scope: 'audit:read',
      inOrg: true,
      query: z.strictObject({
        ...filterShape,
        cursor: text.openapi({ description: '`next` of the page before' }),
        limit: z.coerce
          .number('must be a number')
          .int()
          .min(1)
          .max(500)
          .default(50)
          .openapi({ type: 'integer', description: 'Records on a page' }),
      }),
      answers: {
        200: {
          description: 'A page',
          schema: z.object({
            records: z.array(schemas.auditRecord),
            next: z.string().optional().openapi({ description: 'Absent on the last page' }),
          }),
          example: { records: [exampleRecord], next: 'MTc5NTIxOTIwMDAwMC40Mg' },
        },
      },
      async handle({ org, query: { cursor, limit, ...query } }) {
        return ok(await audit.list(org, filterOf(query), cursor, limit));
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/audit/export',
      tag: 'Audit',
      summary: 'Export audit records',
      description: 'Every record that fits, oldest first, as JSON lines: all that there was when it began.',
      scope: 'audit:read',
      inOrg: true,
      query: z.strictObject(filterShape),
      answers: {
        200: {
          description: 'One record a line',
          schema: z.string(),
          contentType: 'application/jsonl',
          example: `${JSON.stringify(exampleRecord)}\n`,
        },
      },
      async handle({ org, query }) {
        const lines = audit.exportJsonl(org, filterOf(query))[Symbol.asyncIterator]();
        const first = await lines.next(); // what goes wrong at once is still a problem with a status
        return new Response(streamOf(first, lines), {
          headers: {
            'content-type': 'application/jsonl',
            'content-disposition': `attachment; filename="fairlead-audit-${org}.jsonl"`,
            'cache-control': 'no-store',
          },
        });
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/audit/verify',
      tag: 'Audit',
      summary: 'Verify the audit chain',
      description:
        "Walks an organisation's chain of records and says where one is missing or was changed. Keep the `head` of the " +
        'answer outside of the database and give it as the anchor next time: only then does it show when a chain was ' +
        'deleted with its head or put back to an older one.',
      scope: 'audit:read',
      inOrg: true,
      query: z.strictObject({ anchor }),
      answers: {
        200: {
          description: 'What was found',
          schema: z
            .object({
              org: z.string(),
              ok: z.boolean(),
              checked: z.int(),
              from: z.int(),
              to: z.int(),
              faults: z.array(
                z.object({
                  kind: z.enum(['gap', 'edited', 'tail', 'head', 'checkpoint', 'anchor']),
                  seq: z.int(),
                  detail: z.string(),
                }),
              ),
              dropped: z
                .object({ records: z.int(), gaps: z.int() })
                .optional()
                .openapi({
                  description:
                    'What the chain itself tells that it lacks, dropped while the queue was full, as the settings have it; ' +
                    '`records` is too low where a crash cut the account of a gap',
                }),
              head: z
                .object({ seq: z.int(), hash: z.string() })
                .optional()
                .openapi({ description: 'Where the chain stands; absent while it has no record' }),
              anchor: z
                .object({ seq: z.int(), compared: z.enum(['hash', 'number']) })
                .optional()
                .openapi({
                  description:
                    'With an anchor that holds: what could be compared. Once the retention has deleted its record, only ' +
                    'whether the chain is that long',
                }),
            })
            .openapi('Verification'),
          example: {
            org: 'default',
            ok: true,
            checked: 42,
            from: 1,
            to: 42,
            faults: [],
            head: { seq: 42, hash: exampleRecord.hash },
          },
        },
      },
      handle: async ({ org, query }) => ok(await audit.verify(org, { anchor: query.anchor })),
    }),
    route({
      method: 'get',
      path: '/api/v1/audit/{id}',
      tag: 'Audit',
      summary: 'Get an audit record',
      description: 'The record of one call, by its call id, or of one administrative act.',
      scope: 'audit:read',
      inOrg: true,
      params: z.strictObject({ id: z.string().min(1).max(100).openapi({ example: exampleRecord.id }) }),
      answers: { 200: { description: 'The record', schema: schemas.auditRecord, example: exampleRecord } },
      errors: [NotFound],
      handle: async ({ org, params }) => ok(await audit.get(org, params.id)),
    }),
  ];
}

function filterOf(query: FilterQuery): AuditFilter {
  const given = (['tool', 'principal', 'outcome', 'kind', 'parent', 'since', 'until'] as const)
    .filter((name) => query[name] !== undefined)
    .map((name) => [name, query[name]]);
  return Object.fromEntries(given);
}

function streamOf(first: IteratorResult<string>, lines: AsyncIterator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: IteratorResult<string> | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      const line = next ?? (await lines.next());
      next = undefined;
      if (line.done) controller.close();
      else controller.enqueue(encoder.encode(`${line.value}\n`));
    },
    async cancel() {
      await lines.return?.();
    },
  });
}
