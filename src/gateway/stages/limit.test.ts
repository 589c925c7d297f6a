import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase, silentLog, type TestDatabase } from '../../../test/database.ts';
import { createLimits, type Limits, limitsMigrations } from '../../capabilities/limits/index.ts';
import type { Call, Outcome } from '../../kernel/call.ts';
import { systemClock } from '../../kernel/clock.ts';
import type { Tool } from '../../kernel/tool.ts';
import { type Bus, createBus } from '../../platform/bus/index.ts';
import { limit } from './limit.ts';
import type { CallState } from './stage.ts';

let test: TestDatabase;
let bus: Bus;
let limits: Limits;

beforeAll(async () => {
  test = await openTestDatabase(limitsMigrations);
  bus = await createBus({ log: silentLog });
  limits = createLimits({
    database: test.database,
    bus,
    clock: systemClock,
    log: silentLog,
    id: 'replica_1',
    declared: [
      { name: 'rate', by: ['tool'], rate: { limit: 1, per: 'day' } },
      { name: 'slots', by: ['tool'], concurrency: 1 },
    ],
    refused: () => undefined,
  });
  await limits.start();
});
afterAll(async () => {
  await limits?.stop();
  await bus?.stop();
  await test?.stop();
});

/** A call that has come to the stage; `leave` ends it. */
async function arrive(tool: string) {
  const call = {
    id: `call_${tool}_${Math.random()}`,
    principal: { id: 'key:1', org: 'acme', roles: [] },
    tool: { org: 'acme', id: `t.${tool}`, toolset: 't' } as Tool,
  } as unknown as Call;
  const state: CallState = { call, onLeave: [] };
  await limit({ limits }).run?.(state);
  return {
    state,
    async leave(outcome: Outcome) {
      state.end = { callId: call.id, outcome };
      for (const leave of state.onLeave.reverse()) await leave();
    },
  };
}

describe('what a call holds of its limits', () => {
  it('is given back when it is parked, since it has not been made [CO-5]', async () => {
    const parked = await arrive('parked');
    expect(parked.state.limits).toMatchObject([
      { rule: 'rate', remaining: 0 },
      { rule: 'slots', remaining: 0 },
    ]);
    await expect(arrive('parked')).rejects.toMatchObject({ code: 'LIMITED' });
    await parked.leave('pending_approval');
    const resumed = await arrive('parked');
    await resumed.leave('ok');
    await expect(arrive('parked')).rejects.toMatchObject({ code: 'LIMITED', rule: 'rate' });
  });

  it('can be released by whoever parks it in the middle, once [CO-5]', async () => {
    const one = await arrive('middle');
    for (const reservation of one.state.reservations ?? []) await reservation.release();
    const other = await arrive('middle');
    await one.leave('ok');
    await expect(arrive('middle')).rejects.toMatchObject({ code: 'LIMITED' }); // the other one holds it still
    await other.leave('ok');
  });

  it('stays counted, but for its place among those that run, when the call is over [CO-5]', async () => {
    const one = await arrive('over');
    await one.leave('tool_error');
    await expect(arrive('over')).rejects.toMatchObject({
      code: 'LIMITED',
      limit: { rule: 'rate', remaining: 0 },
    });
  });
});
