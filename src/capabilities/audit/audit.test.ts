import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditWorld, openAuditWorld, recordCall } from '../../../test/audit.ts';
import { callIntent, callRecord, testKeyring } from '../../../test/audit-calls.ts';
import { databaseKinds } from '../../../test/database.ts';
import { InvalidRequest, NotFound, ShuttingDown } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { AuditQueueFull } from './errors.ts';
import type { ActRecord, Audit, AuditFilter, AuditPage } from './types.ts';

describe.each(databaseKinds)('the audit on %s', (kind) => {
  let world: AuditWorld;
  let audit: Audit;
  let made = 0;
  const org = () => `org-${++made}`;

  beforeAll(async () => {
    world = await openAuditWorld(kind);
    audit = await world.open();
  });
  afterAll(() => world.stop());

  const act = (parts: Partial<ActRecord>): ActRecord => ({
    id: newId('act'),
    org: 'default',
    at: Date.now(),
    kind: 'act',
    principal: callIntent().principal,
    action: 'keys.create',
    subject: 'key_2',
    detail: { name: 'ci', secret: 'fl_7k2m9q4t8w3x6z1b5d0f' },
    outcome: 'ok',
    ...parts,
  });

  const ids = ({ records }: AuditPage) => records.map(({ id }) => id);

  it('keeps all of a call, redacted, with its place in the chain [SP-16]', async () => {
    const name = org();
    const record = callRecord({
      org: name,
      endpoint: 'team',
      parentCallId: 'call_parent',
      arguments: { path: '/tmp', token: 'hunter2' },
      result: { content: [{ type: 'text', text: 'password=hunter3' }] },
      traceId: 'a'.repeat(32),
      clientAddress: '127.0.0.1',
      durationMs: 12.3456,
      decision: {
        allowed: true,
        unattended: true,
        rules: ['shipped/developer'],
        policyVersion: 'v1',
        context: { environment: 'prod', arguments: { token: 'hunter2', path: '/tmp' } },
      },
    });
    const place = audit.reserve();
    await audit.record(place, record);
    const kept = await audit.get(name, record.id);
    const digest = (value: unknown) => `hmac-sha256:${testKeyring.hash('audit-digests', JSON.stringify(value))}`;
    expect(kept).toEqual({
      ...record,
      seq: 1,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      arguments: { path: '/tmp', token: '[redacted]' },
      argumentsDigest: digest({ path: '/tmp', token: 'hunter2' }),
      result: { content: [{ type: 'text', text: 'password=[redacted]' }] },
      resultDigest: digest({ content: [{ text: 'password=hunter3', type: 'text' }] }),
      durationMs: 12.346,
      decision: {
        ...record.decision,
        context: { environment: 'prod', arguments: { path: '/tmp', token: digest('hunter2') } },
        withheld: ['context.arguments.token'],
      },
      replica: 'replica_test',
    });
  });

  it('gives all calls of a span again, newest first and one organisation alone, with arguments that are whole [CO-8]', async () => {
    const name = org();
    const at = 1_700_000_000_000;
    await recordCall(audit, { org: org(), at });
    await audit.record(audit.reserve(), act({ org: name, at }));
    await Promise.all(
      Array.from({ length: 410 }, (_, n) =>
        recordCall(audit, { org: name, at: at + n, arguments: n === 5 ? { n, token: 'hunter2' } : { n } }),
      ),
    );
    const pages: number[][] = [];
    const whole: unknown[] = [];
    for await (const calls of audit.calls(name, { since: at + 2, until: at + 408 })) {
      pages.push(calls.map((call) => call.at - at));
      whole.push(...calls.map(audit.wholeArguments));
    }
    expect(pages.flat()).toEqual(Array.from({ length: 406 }, (_, n) => 407 - n));
    expect(Math.max(...pages.map((page) => page.length))).toBeLessThan(406);
    expect(whole.at(-1)).toEqual({ n: 2 });
    expect(whole.at(-4)).toBeUndefined(); // its token is not kept
  });

  it('keeps administrative acts in the same chain [SP-16]', async () => {
    const name = org();
    await recordCall(audit, { org: name });
    await audit.record(audit.reserve(), act({ org: name }));
    const { records } = await audit.list(name, { kind: 'act' });
    expect(records).toMatchObject([
      { seq: 2, kind: 'act', action: 'keys.create', subject: 'key_2', detail: { name: 'ci', secret: '[redacted]' } },
    ]);
    expect(await audit.verify(name)).toMatchObject({ ok: true, checked: 2 });
  });

  it('takes whatever a caller can send: null characters, lone surrogates, endless names [SP-16]', async () => {
    const name = org();
    const id = await recordCall(audit, {
      org: name,
      tool: `a\0b\ud800${'x'.repeat(100_000)}`,
      arguments: { 'k\0\ud800': 'v\0\ud800' },
      principal: { ...callIntent().principal, id: 'jwt:\0', name: '\ud800' },
      endpoint: '\0',
    });
    expect((await audit.get(name, id)).id).toBe(id);
    expect(audit.stats().rejected).toBe(0);
    expect((await audit.verify(name)).ok).toBe(true);
    expect(ids(await audit.list(name, { principal: 'jwt:\0' }))).toEqual([id]);
    expect(ids(await audit.list(name, { tool: '\0\ud800', parent: '\0' }))).toEqual([]);
    await expect(audit.get(name, '\0')).rejects.toSatisfy(NotFound.is);
  });

  it('reads again whatever a tool can return, a key named __proto__ included [SP-16]', async () => {
    const name = org();
    const result = JSON.parse('{"content":[],"structuredContent":{"__proto__":{"a":1},"constructor":2}}');
    const id = await recordCall(audit, { org: name, result });
    const kept = await audit.get(name, id);
    expect(kept).toMatchObject({ result: { structuredContent: { '[__proto__]': { a: 1 }, constructor: 2 } } });
    expect((await audit.verify(name)).ok).toBe(true);
  });

  it('lists newest first, page by page, each record once, while more are added [SP-16]', async () => {
    const name = org();
    const at = Date.now() - 60_000;
    // Several in the same millisecond: the page must part them, too.
    const all: string[] = [];
    for (let index = 0; index < 12; index++)
      all.push(await recordCall(audit, { org: name, at: at + Math.floor(index / 5) }));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await audit.list(name, {}, cursor, 5);
      seen.push(...ids(page));
      cursor = page.next;
      await recordCall(audit, { org: name, at: at + 1_000 });
    } while (cursor);
    expect(seen).toEqual(all.reverse());
  });

  it('filters by tool, principal, outcome, kind, parent and time [SP-16]', async () => {
    const name = org();
    const at = Date.now() - 60_000;
    const other = { ...callIntent().principal, id: 'key:other' };
    const a = await recordCall(audit, { org: name, at, tool: 'a.read', outcome: 'denied' });
    const b = await recordCall(audit, { org: name, at: at + 10, tool: 'b.read', principal: other });
    const c = await recordCall(audit, { org: name, at: at + 20, tool: 'a.read', parentCallId: b });
    const found = async (filter: AuditFilter) => ids(await audit.list(name, filter));
    expect(await found({ tool: 'a.read' })).toEqual([c, a]);
    expect(await found({ principal: 'key:other' })).toEqual([b]);
    expect(await found({ outcome: 'denied' })).toEqual([a]);
    expect(await found({ outcome: 'ok', tool: 'a.read' })).toEqual([c]);
    expect(await found({ parent: b })).toEqual([c]);
    expect(await found({ since: at + 10, until: at + 20 })).toEqual([b]);
    expect(await found({ kind: 'act' })).toEqual([]);
    expect(await found({ kind: 'call' })).toEqual([c, b, a]);
  });

  it('refuses a cursor that no list gave, and says that a record is not there [SP-16]', async () => {
    for (const cursor of ['', 'rubbish', 'MTIz', Buffer.from('1.x').toString('base64url'), '../../..']) {
      await expect(audit.list('default', {}, cursor)).rejects.toSatisfy(InvalidRequest.is);
    }
    await expect(audit.get('default', 'call_none')).rejects.toSatisfy(NotFound.is);
  });

  it('exports everything as JSON lines, oldest first [SP-16]', async () => {
    const name = org();
    const at = Date.now() - 60_000;
    const recorded = await Promise.all(
      Array.from({ length: 1_050 }, (_, index) => recordCall(audit, { org: name, at: at + index })),
    );
    const lines: string[] = [];
    for await (const line of audit.exportJsonl(name)) lines.push(line);
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(recorded);
    expect(lines.every((line) => !line.includes('\n'))).toBe(true);
    const some: string[] = [];
    for await (const line of audit.exportJsonl(name, { since: at + 1_000 })) some.push(line);
    expect(some).toHaveLength(50);
  });

  it('shows an organisation nothing of another: list, filter, read, export, chain [SP-14] [SP-16]', async () => {
    const [mine, theirs] = [org(), org()];
    const secretTool = 'theirs.tool';
    const id = await recordCall(audit, { org: theirs, tool: secretTool });
    await audit.record(audit.reserve(), act({ org: theirs }));
    expect(await audit.list(mine)).toEqual({ records: [] });
    expect(await audit.list(mine, { tool: secretTool })).toEqual({ records: [] });
    await expect(audit.get(mine, id)).rejects.toSatisfy(NotFound.is);
    for await (const line of audit.exportJsonl(mine)) expect(line).toBeUndefined();
    expect(await audit.verify(mine)).toMatchObject({ ok: true, checked: 0 });
    // The same id in both: each sees its own.
    await recordCall(audit, { org: mine, id, tool: 'mine.tool' });
    expect(await audit.get(mine, id)).toMatchObject({ org: mine, tool: 'mine.tool', seq: 1 });
    expect(await audit.get(theirs, id)).toMatchObject({ org: theirs, tool: secretTool });
  });

  it('removes all of an organisation, and what was before stays away afterwards [SP-14] [SP-16]', async () => {
    const [gone, stays] = [org(), org()];
    await recordCall(audit, { org: gone });
    await recordCall(audit, { org: stays });
    await audit.intend(audit.reserve(), callIntent({ org: gone }));
    await audit.flush();
    await world.db.transaction().execute((trx) => audit.purge(trx, gone));
    for (const table of ['audit_heads', 'audit_records', 'audit_intents', 'audit_checkpoints']) {
      const { rows } = await sql`select 1 from ${sql.table(table)} where org = ${gone}`.execute(world.db);
      expect(rows).toEqual([]);
    }
    // A replica that was away brings late what happened before.
    await recordCall(audit, { org: gone, at: Date.now() - 60_000 });
    expect(await audit.list(gone)).toEqual({ records: [] });
    expect((await sql`select 1 from audit_heads where org = ${gone}`.execute(world.db)).rows).toEqual([]);
    // An organisation made anew under the name begins its own chain.
    const id = await recordCall(audit, { org: gone, at: Date.now() + 1_000 });
    expect(await audit.get(gone, id)).toMatchObject({ seq: 1 });
    expect((await audit.list(stays)).records).toHaveLength(1);
  });

  it('gives out no more places than the queue has, and takes back what is released [SP-16]', async () => {
    const small = await world.open({ queueSize: 2 }, { dataDir: world.folder() });
    const [one, two] = [small.reserve(), small.reserve()];
    expect(() => small.reserve()).toThrow(expect.objectContaining({ code: AuditQueueFull.code }));
    one.release();
    one.release();
    const three = small.reserve();
    expect(small.stats()).toMatchObject({ queued: 2, queueSize: 2 });
    await small.record(two, callRecord());
    await small.record(three, callRecord());
    expect(small.stats().queued).toBe(0);
  });

  it('lets a place be used once only [SP-16]', async () => {
    const place = audit.reserve();
    await audit.record(place, callRecord());
    await expect(audit.record(place, callRecord())).rejects.toThrow(/used or released/);
    await expect(audit.intend(place, callIntent())).rejects.toThrow(/used or released/);
    place.release();
    const released = audit.reserve();
    released.release();
    await expect(audit.record(released, callRecord())).rejects.toThrow(/used or released/);
  });

  it('finishes what has a place and gives out none while it stops [SP-16]', async () => {
    const stopping = await world.open({}, { dataDir: world.folder() });
    const name = org();
    const writes = Array.from({ length: 50 }, () => recordCall(stopping, { org: name }));
    const stopped = stopping.stop();
    expect(() => stopping.reserve()).toThrow(expect.objectContaining({ code: ShuttingDown.code }));
    const written = await Promise.all(writes);
    await stopped;
    expect(ids(await audit.list(name)).sort()).toEqual(written.sort());
  });
});
