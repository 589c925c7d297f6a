import { expect, it } from 'vitest';
import type { Call } from '../../kernel/call.ts';
import { pseudoTool } from '../pseudo.ts';
import { approve, type ConsentPort } from './approve.ts';
import type { CallState } from './stage.ts';

const consent: ConsentPort = {
  ask: async () => ({ content: [] }),
  weigh: async () => ({ content: [] }),
  parked: () => undefined,
  backUp: async () => undefined,
  claim: async () => undefined,
  leave: async () => undefined,
};

function callOf(more: Partial<Call>): CallState {
  const call = {
    id: 'call_1',
    operation: 'tool',
    principal: { id: 'key:a', kind: 'service' },
    tool: pseudoTool('default', 'bank', '@read'),
    decision: { allowed: true, unattended: false, rules: ['ask'], policyVersion: '1', context: {} },
    ...more,
  } as Call;
  return { call, onLeave: [] };
}

it('parks only what somebody can come back for, and says why not otherwise [CO-1]', async () => {
  const stage = approve({ consent });
  const refused: [Partial<Call>, RegExp][] = [
    [{ operation: 'read' }, /only calls of tools/],
    [{ beside: 'preview' }, /preview of another call/],
    [{ continuation: { requestState: 'x' } }, /answers to a question/],
    [{ principal: { id: 'anonymous', kind: 'anonymous' } as Call['principal'] }, /without a credential/],
  ];
  for (const [more, reason] of refused) {
    const state = callOf(more);
    await expect(stage.run?.(state)).rejects.toMatchObject({ code: 'CONSENT_NEEDED', message: reason });
    expect(state.end).toBeUndefined();
  }
  const parked = callOf({});
  await stage.run?.(parked);
  expect(parked.end).toMatchObject({ outcome: 'pending_approval', callId: 'call_1' });
});

it('leaves alone what needs no consent, and the ways to what waits for it [CO-1]', async () => {
  const stage = approve({ consent });
  const decision = { allowed: true, unattended: true, rules: [], policyVersion: '1', context: {} };
  const status = { ...pseudoTool('default', 'fairlead', '@read'), id: 'fairlead.approval_status' };
  for (const more of [{ decision }, { tool: status }]) {
    const state = callOf(more);
    await stage.run?.(state);
    expect(state.end).toBeUndefined();
  }
});
