import { expect, it } from 'vitest';
import type { CallEnd } from '../../kernel/call.ts';
import { finishedBy } from './binding.ts';

const ended = (outcome: CallEnd['outcome'], code?: string, message = 'no') =>
  ({ callId: 'call_1', outcome, ...(code === undefined ? {} : { error: { code, message } }) }) as unknown as CallEnd;
const unknown = (end: CallEnd, ran = true) => finishedBy(end, { ran, answer: null, endedAt: 1 }).outcomeUnknown;

it('is unknown for whatever may have been done before it failed, and for nothing else [CO-3]', () => {
  for (const code of ['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT', 'OUTPUT_INVALID', 'AUDIT_UNAVAILABLE', 'INTERNAL'])
    expect([code, unknown(ended('failed', code))]).toEqual([code, true]);
  expect(unknown(ended('cancelled', 'CANCELLED'))).toBe(true);
  expect(unknown(ended('failed', 'UPSTREAM_REJECTED'))).toBe(false);
  expect(unknown(ended('failed', 'UPSTREAM_UNAVAILABLE'), false)).toBe(false);
  for (const outcome of ['ok', 'tool_error', 'denied', 'limited', 'invalid'] as const)
    expect([outcome, unknown(ended(outcome, 'ANY'))]).toEqual([outcome, false]);
});

it('is kept with words that a database takes, whatever a provider wrote [CO-3]', () => {
  const { state, reason } = finishedBy(ended('failed', 'OUTPUT_INVALID', 'has \0 and \ud800'), {
    ...{ ran: true, answer: null, endedAt: 1 },
  });
  expect([state, reason]).toEqual(['failed', 'has \ufffd and \ufffd']);
});
