import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHttpFixture } from '../fixtures/servers/http.ts';
import { type PausableFairlead, pausableKinds, startPausable } from '../paused.ts';

const pauseMs = 10_000;
const callers = 8;
/** What the audit gives its database, and what a busy machine may take besides. */
const databaseWaitMs = 2_000;
const slackMs = 1_500;
/** More than gathers between two trips to the database, less than what comes while it is paused. */
const maxBacklogBytes = 300_000;

interface Answered {
  tool: string;
  at: number;
  ms: number;
  status: number;
  code?: string;
}

describe.each(pausableKinds)('while the database of %s is paused under load', (kind) => {
  let fairlead: PausableFairlead;
  let web: Awaited<ReturnType<typeof serveHttpFixture>>;

  const open = async (audit: Record<string, unknown>) => {
    web = await serveHttpFixture('both');
    fairlead = await startPausable(kind, { config: { audit, upstreams: { web: { url: web.url } } } });
  };
  afterEach(async () => {
    await fairlead?.stop();
    await web?.stop();
  });

  const callOnce = async (tool: string): Promise<Answered> => {
    const at = performance.now();
    const response = await fairlead.request(`/api/v1/tools/${tool}/call`, { json: { arguments: { text: 'hi' } } });
    const body = await response.json();
    const code = body.error?.code ?? body.code;
    return { tool, at, ms: performance.now() - at, status: response.status, ...(code ? { code } : {}) };
  };

  const load = async (until: Promise<unknown>): Promise<Answered[]> => {
    const answers: Answered[] = [];
    let over = false;
    const worker = async (n: number) => {
      while (!over) {
        answers.push(await callOnce(n % 2 === 0 ? 'web.echo' : 'web.write'));
        web.requests.length = 0;
        web.state.called.length = 0;
        await pause(20);
      }
    };
    const working = Promise.all(Array.from({ length: callers }, (_, n) => worker(n)));
    await until;
    over = true;
    await working;
    return answers;
  };

  const metric = async (name: string) => {
    const text = await (await fairlead.request('/metrics')).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };

  /** Calls that the audit has a record of, by outcome. */
  const recorded = async () => {
    const counts: Record<string, number> = {};
    for await (const line of fairlead.running.house.audit.exportJsonl('default', { kind: 'call' })) {
      const { outcome } = JSON.parse(line);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    return counts;
  };

  const verified = async () => (await fairlead.request('/api/v1/audit/verify')).json();
  const others = (answers: Answered[]) => answers.filter(({ status }) => status !== 200);
  const longest = (answers: Answered[]) => Math.max(...answers.map(({ ms }) => ms));

  it('no call waits for it when records are durable by file [CA-12]', { timeout: 90_000 }, async () => {
    await open({ durability: 'file' });
    await load(pause(1_000)); // warms up
    const before = (await recorded()).ok ?? 0;
    const answers = await load(fairlead.pauseDatabase(pauseMs));
    expect(others(answers)).toEqual([]);
    expect(longest(answers)).toBeLessThan(databaseWaitMs);
    expect(await recorded()).toEqual({ ok: before + answers.length });
    expect(await verified()).toMatchObject({ ok: true });
  });

  it('each caller waits for it once when records are durable by database [CA-12]', { timeout: 90_000 }, async () => {
    await open({ durability: 'database' });
    await load(pause(1_000));
    const before = (await recorded()).ok ?? 0;
    const answers = await load(fairlead.pauseDatabase(pauseMs));
    expect(others(answers)).toEqual([]);
    expect(longest(answers)).toBeLessThan(databaseWaitMs + slackMs);
    expect(answers.filter(({ ms }) => ms > databaseWaitMs).length).toBeLessThanOrEqual(callers);
    expect(answers.length).toBeGreaterThan(10 * callers); // it goes on by the file
    expect(await recorded()).toEqual({ ok: before + answers.length });
    expect(await verified()).toMatchObject({ ok: true });
  });

  it('calls are refused at once where the queue is full, and let in again afterwards [CA-12]', async () => {
    await open({ maxBacklogBytes });
    await load(pause(1_000));
    const before = (await recorded()).ok ?? 0;
    const answers = await load(fairlead.pauseDatabase(pauseMs));
    const refused = others(answers);
    expect(refused.length).toBeGreaterThan(callers);
    expect(refused.every(({ status, code }) => status === 503 && code === 'AUDIT_QUEUE_FULL')).toBe(true);
    expect(longest(answers)).toBeLessThan(databaseWaitMs + slackMs);
    expect(await metric('fairlead_audit_dropped_total')).toBe(0);
    await expect.poll(async () => (await callOnce('web.write')).status, { timeout: 10_000 }).toBe(200);
    // What was refused was told to its caller: nobody was told `ok` without a record.
    expect((await recorded()).ok).toBe(before + answers.length - refused.length + 1);
    expect(await verified()).toMatchObject({ ok: true });
  });

  it('by choice calls run on where the queue is full, and the chain tells of those it lacks [CA-12]', async () => {
    await open({ maxBacklogBytes, whenFull: 'drop' });
    await load(pause(1_000));
    const reader = await fairlead.makeKey(['operator']);
    const caller = await fairlead.makeKey(['developer']);
    const warnings = async (key: string) =>
      (await (await fairlead.request('/api/v1/status', { key })).json()).warnings as string[];
    const before = (await recorded()).ok ?? 0;

    const paused = fairlead.pauseDatabase(pauseMs);
    const meanwhile = (async () => {
      const dropping = () => fairlead.running.house.audit.stats().dropped > 0;
      await expect.poll(dropping, { timeout: pauseMs }).toBe(true);
      const act = await fairlead.request('/api/v1/keys', { json: { name: 'another', roles: ['viewer'] } });
      expect(await act.json()).toMatchObject({ status: 503, code: 'AUDIT_QUEUE_FULL' });
      expect(await warnings(reader)).toEqual([expect.stringMatching(/^audit: the queue is full, and \d+ records of/)]);
      expect(await warnings(caller)).toEqual([]);
    })();
    const [answers] = await Promise.all([load(paused), meanwhile]);
    expect(others(answers)).toEqual([]);
    expect(longest(answers)).toBeLessThan(databaseWaitMs + slackMs);

    await expect.poll(() => fairlead.running.house.audit.stats().gaps, { timeout: 20_000 }).toEqual([]);
    const dropped = await metric('fairlead_audit_dropped_total');
    expect(dropped).toBeGreaterThan(callers);
    expect(await recorded()).toEqual({ ok: before + answers.length - dropped });
    const { ok, dropped: told } = await verified();
    expect({ ok, records: told.records }).toEqual({ ok: true, records: dropped });
    expect(await warnings(reader)).toEqual([]);
    expect(await (await fairlead.request('/readyz')).json()).toEqual({ status: 'ready' });
  });
});
