import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/index.ts';
import type { StepName } from '../../src/kernel/steps.ts';
import { databaseKinds } from '../database.ts';
import { databaseFor } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { type Served, serve } from '../served.ts';
import { rounds } from './length.ts';

// A server that is killed after each step that a call with consent takes, before the next one. No call that does not bear it is
// made twice, counted by who makes it, and none is told to have been made that was not. Over Postgres a second server stands by:
// calls are asked for there, decided on the one that dies, and made by either.

/** The last one first: what one kill leaves does not get as far as the step of the next. */
const steps: StepName[] = [
  'approval.ended',
  'call.answered',
  'call.dispatched',
  'call.intended',
  'approval.claimed',
  'approval.decided',
  'approval.parked',
];
const times = rounds(30, 1);
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
  id: string;
  tool: string;
  state: string;
  outcomeUnknown?: true;
  arguments: { text: string };
}
const isOver = ({ state }: Shown) => ['done', 'failed', 'void', 'rejected', 'expired'].includes(state);
const show = async (request: Request, id: string): Promise<Shown> => (await request(`/api/v1/approvals/${id}`)).body;

async function ask(request: Request, agent: string, tool: string, text: string): Promise<string> {
  const { body } = await request(`/api/v1/tools/ledger.${tool}/call`, { arguments: { text } }, agent);
  return (body as { result: { structuredContent: { approvalId: string } } }).result.structuredContent.approvalId;
}

const approve = (request: Request, id: string) => request(`/api/v1/approvals/${id}/decision`, { decision: 'approve' });

/** Every approval that there is, with its arguments. */
async function all(request: Request): Promise<Shown[]> {
  const found: Shown[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await request(`/api/v1/approvals?limit=200${cursor}`);
    const { approvals, next } = body as { approvals: Shown[]; next?: string };
    for (const { id } of approvals) found.push(await show(request, id));
    if (next === undefined) return found;
    cursor = `&cursor=${next}`;
  }
}

it.each(databaseKinds)(
  'an approved call is made at most once, after whichever step its server is killed, and an end that nobody saw is told as such: %s [CO-3]',
  { timeout: times * steps.length * 30_000 + 300_000 },
  async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-approvals-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const dataDir = join(folder, 'data');
    const database = await databaseFor(dataDir, kind === 'postgres' ? process.env.TEST_DATABASE_URL : '');
    cleanups.push(database.drop);
    const ledger = openLedger();
    cleanups.push(ledger.remove);
    const begin = async (killAt?: StepName, data = dataDir) => {
      const server = await serve({
        dataDir: data,
        config: ledger.config,
        env: { ...database.env, ...(killAt ? { KILL_AT: killAt } : {}) },
        ...(killAt ? { nodeFlags: ['--import', join(packageRoot, 'test/chaos/kill-at.ts')] } : {}),
      });
      cleanups.push(() => server.stop());
      return server;
    };
    const standing = kind === 'postgres' ? await begin(undefined, join(folder, 'standing')) : undefined;
    await standing?.ready();
    const makeKey = async (request: Request) => {
      const { body } = await request('/api/v1/keys', { name: 'agent', roles: ['operator'] });
      return (body as { secret: string }).secret;
    };
    let agent = '';

    let kills = 0;
    for (const step of steps) {
      for (let round = 0; round < times; round++) {
        const dying = await begin(step).catch((error: Error) => {
          if (!error.message.includes('SIGKILL')) throw error; // by what an earlier one left, before it listened
        });
        if (!dying) {
          kills++;
          continue;
        }
        let isDead = false;
        const dead = dying.exited.then(() => {
          isDead = true;
        });
        await dying.ready().catch(() => undefined); // what an earlier one left may be what kills it
        if (agent === '') agent = await makeKey(requestTo(standing ?? dying));
        for (let at = 0; !isDead; at++) {
          expect(at, `${step}: it does not die`).toBeLessThan(20);
          const tool = (kills + 1) % 4 === 0 ? 'set' : 'pay';
          const asking = requestTo(standing && step !== 'approval.parked' ? standing : dying);
          const call = async () => {
            const id = await ask(asking, agent, tool, `${step} ${round}-${at}`);
            await approve(requestTo(dying), id);
            // By the other one, perhaps: then it is another call that kills this one.
            if (standing)
              await expect.poll(async () => isDead || isOver(await show(requestTo(standing), id)), patience).toBe(true);
            else await dead;
          };
          await Promise.race([dead, call().catch(() => dead)]);
        }
        expect(await dying.exited).toMatchObject({ signal: 'SIGKILL' });
        await dying.stop();
        kills++;
      }
    }
    expect(kills).toBe(steps.length * times);

    const last = standing ?? (await begin());
    await last.ready();
    const request = requestTo(last);
    for (const one of await all(request)) if (one.state === 'pending') await approve(request, one.id);
    await expect.poll(async () => (await all(request)).filter((one) => !isOver(one)), patience).toEqual([]);
    const ends = await all(request);
    expect(ends.length).toBeGreaterThan(kills / 2); // some died of what an earlier one had left, before they were asked
    for (const one of ends) judge(ledger, one);
    const texts = ends.map(({ tool, arguments: { text } }) => `${tool} ${text}`);
    expect(new Set(texts).size).toBe(texts.length);
    const paid = ledger.lines().filter((line) => line.startsWith('pay'));
    expect(new Set(paid).size).toBe(paid.length);
    // In few rounds each that was to be made again may have met a server that died of what an earlier one had left.
    const bearing = ends.filter(({ tool }) => tool === 'ledger.set');
    if (times > 1 || bearing.length > 0) expect(bearing.some(({ state }) => state === 'done')).toBe(true);
    // With nobody else to make them, those that the dead one had claimed are not made again.
    if (!standing) expect(ends.filter(({ state }) => state === 'failed').length).toBeGreaterThanOrEqual(2 * times);
    for (const one of ends.filter(({ state }, at) => state === 'failed' || at % 10 === 0))
      await told(request, agent, one);
  },
);

/** What an approval says of its call is what was made. */
function judge(ledger: Ledger, { tool, state, outcomeUnknown, arguments: { text } }: Shown): void {
  const name = tool.slice('ledger.'.length);
  const ran = ledger.lines().filter((each) => each === `${name} ${text}`).length;
  const about = `${name} ${text}: ${state}, made ${ran} times`;
  if (state === 'done' ? ran < 1 : !outcomeUnknown) expect.fail(about);
  if (name === 'set') return; // it bears to be made again
  if (ran > 1) expect.fail(about);
  const step = text.split(' ')[0] as StepName;
  const isBefore = step === 'approval.parked' || step === 'approval.decided';
  if (isBefore || step === 'approval.ended') expect(about).toContain(': done, made 1');
}

/** The caller learns the same. */
async function told(request: Request, agent: string, { id, state, arguments: { text } }: Shown): Promise<void> {
  const { body } = await request(
    '/api/v1/tools/fairlead.approval_result/call',
    { arguments: { approval_id: id } },
    agent,
  );
  if (state === 'done') expect(body).toMatchObject({ outcome: 'ok', result: { content: [{ text: `wrote ${text}` }] } });
  else
    expect(body).toMatchObject({
      outcome: 'tool_error',
      result: { isError: true, structuredContent: { state: 'failed', outcomeUnknown: true } },
    });
}
