import { expect, it } from 'vitest';
import { outcomes } from '../../kernel/call.ts';
import type { ErrorBody } from '../../kernel/errors.ts';
import { statusOf } from './calls.ts';

const unable = ['AUDIT_QUEUE_FULL', 'AUDIT_UNAVAILABLE', 'SHUTTING_DOWN'];

const error = (category: ErrorBody['category']): ErrorBody => ({
  code: 'ANY',
  category,
  retryable: false,
  message: '',
  suggestedAction: '',
});

it('gives every outcome its status [SP-17]', () => {
  expect(Object.fromEntries(outcomes.map((outcome) => [outcome, statusOf({ outcome })]))).toEqual({
    ok: 200,
    tool_error: 200,
    pending_approval: 202,
    invalid: 400,
    denied: 403,
    blocked: 403,
    limited: 429,
    cancelled: 499,
    failed: 502,
  });
  expect(statusOf({ outcome: 'failed', error: error('timeout') })).toBe(504);
  expect(statusOf({ outcome: 'failed', error: error('internal') })).toBe(502);
  expect(statusOf({ outcome: 'denied', error: error('not_found') })).toBe(404);
  expect(statusOf({ outcome: 'denied', error: error('authentication') })).toBe(401);
});

it('says by 503 that the server itself cannot take or record a call [SP-17]', () => {
  for (const code of unable) {
    expect([code, statusOf({ outcome: 'failed', error: { ...error('internal'), code } })]).toEqual([code, 503]);
  }
  // What was cut off may have happened: nobody must take it for a call that can be made again as it is.
  expect(statusOf({ outcome: 'failed', error: { ...error('external_service'), code: 'CUT_OFF' } })).toBe(502);
});
