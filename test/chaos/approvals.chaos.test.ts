import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { databaseKinds } from '../database.ts';
import { databaseFor } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { type Served, serve } from '../served.ts';
import { rounds } from './length.ts';

// Servers that end while calls are asked for, approved, claimed, made and kept. Whatever is in which step then, no call that
// does not bear it is made twice, and none is told to have been made that was not.

const times = rounds(30, 2);
const perRound = 6;
const patience = { timeout: 150_000, interval: 500 };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Request = (path: string, json?: unknown, key?: string) => Promise<{ status: number; body: never }>;
const requestTo =
  (server: Served): Request =>
  async (path, json, key = server.adminKey) => {
    const response = await server.request(path, {
      ...(json === undefined ? {} : { json }),
      headers: { authorization: `Bearer ${key}` },
    });
    return { status: response.status, body: (await response.json()) as never };
  };

interface Shown {
  state: string;
  outcomeUnknown?: true;
  runCallId?: string;
}

/** Asks for calls of both kinds and approves them, as long as the server answers. */
async function askAndApprove(request: Request, agent: string, round: number): Promise<Map<string, string>> {
  const asked = new Map<string, string>();
  const each = async (at: number) => {
    const tool = at % 3 === 0 ? 'set' : 'pay';
    const text = `${round}-${at}`;
    const call = await request(`/api/v1/tools/ledger.${tool}/call`, { arguments: { text, ms: 400 * at } }, agent);
    const { result } = call.body as { result: { structuredContent: { approvalId: string } } };
    asked.set(`${tool} ${text}`, result.structuredContent.approvalId);
    await request(`/api/v1/approvals/${result.structuredContent.approvalId}/decision`, { decision: 'approve' });
  };
  await Promise.all(Array.from({ length: perRound }, (_, at) => each(at).catch(() => undefined)));
  return asked;
}

/** Approves what was not, and resolves when everything is over. */
async function settle(request: Request, asked: Map<string, string>): Promise<Map<string, Shown>> {
  const ends = new Map<string, Shown>();
  for (const [line, id] of asked) {
    const one = () => request(`/api/v1/approvals/${id}`).then(({ body }) => body as Shown);
    if ((await one()).state === 'pending') await request(`/api/v1/approvals/${id}/decision`, { decision: 'approve' });
    await expect.poll(async () => (await one()).state, patience).toMatch(/^(done|failed)$/);
    ends.set(line, await one());
  }
  return ends;
}

function judge(ledger: Ledger, line: string, { state, outcomeUnknown }: Shown): void {
  const ran = ledger.lines().filter((each) => each === line).length;
  if (line.startsWith('set')) {
    // It bears a second run, so it is made until its end is known.
    expect([line, state]).toEqual([line, 'done']);
    expect(ran).toBeGreaterThanOrEqual(1);
    return;
  }
  expect([line, ran <= 1]).toEqual([line, true]);
  if (state === 'done') expect([line, ran]).toEqual([line, 1]);
  else expect([line, outcomeUnknown]).toEqual([line, true]);
}

it.each(databaseKinds)(
  'an approved call is made at most once, however its server ends, and an end that nobody saw is told as such: %s [CO-3]',
  { timeout: times * 200_000 + 100_000 },
  async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-approvals-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const dataDir = join(folder, 'data');
    const database = await databaseFor(dataDir, kind === 'postgres' ? process.env.TEST_DATABASE_URL : '');
    cleanups.push(database.drop);
    const ledger = openLedger();
    cleanups.push(ledger.remove);
    const begin = async (data = dataDir) => {
      const server = await serve({ dataDir: data, config: ledger.config, env: database.env });
      cleanups.push(() => server.stop());
      await server.ready();
      return server;
    };
    // Over Postgres there is a second server all the time, which takes over.
    const standing = kind === 'postgres' ? await begin(join(folder, 'standing')) : undefined;
    let server = await begin();
    const made = await requestTo(server)('/api/v1/keys', { name: 'agent', roles: ['operator'] });
    const agent = (made.body as { secret: string }).secret;
    let unknown = 0;
    for (let round = 0; round < times; round++) {
      const asking = askAndApprove(requestTo(server), agent, round);
      const begun = () => ledger.lines().some((line) => line.includes(` ${round}-`));
      // Every other time before anything runs, or as it begins; otherwise in the middle of it.
      if (round % 2 === 0) await expect.poll(begun, { timeout: 60_000, interval: 20 }).toBe(true);
      await pause(Math.random() * 600);
      server.kill('SIGKILL');
      const asked = await asking;
      await server.exited;
      const taking = standing ?? (await begin());
      for (const [line, end] of await settle(requestTo(taking), asked)) {
        judge(ledger, line, end);
        if (!end.outcomeUnknown) continue;
        unknown++;
        const id = asked.get(line);
        const told = await requestTo(taking)(
          '/api/v1/tools/fairlead.approval_result/call',
          { arguments: { approval_id: id } },
          agent,
        );
        expect(told.body).toMatchObject({
          outcome: 'tool_error',
          result: { isError: true, structuredContent: { state: 'failed', outcomeUnknown: true } },
        });
      }
      server = standing ? await begin() : taking;
    }
    const paid = ledger.lines().filter((line) => line.startsWith('pay'));
    expect(new Set(paid).size).toBe(paid.length); // also of those whose answer was cut off
    expect(unknown).toBeGreaterThan(0);
  },
);
