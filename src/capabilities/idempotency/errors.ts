import { defineError } from '../../kernel/errors.ts';

export const IdempotencyKeyReused = defineError('IDEMPOTENCY_KEY_REUSED', {
  status: 422,
  category: 'validation',
  retryable: false,
  message: 'This idempotency key was used for another request.',
  action: 'Use a new key for each request, and the same one only to repeat it unchanged.',
});

export const IdempotencyInProgress = defineError('IDEMPOTENCY_IN_PROGRESS', {
  status: 409,
  category: 'validation',
  retryable: true,
  message: 'The request with this idempotency key is still running.',
  action: 'Send it again in a moment, with the same key.',
});

export const IdempotencyOutcomeUnknown = defineError('IDEMPOTENCY_OUTCOME_UNKNOWN', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message:
    'The server ended while the request with this idempotency key was running, so nobody knows whether it took effect. It is not run again.',
  action: 'Look at what it was to change; if that has not happened, send the request with a new key.',
});

export const IdempotencyAnswerGone = defineError('IDEMPOTENCY_ANSWER_GONE', {
  status: 409,
  category: 'validation',
  retryable: false,
  message:
    'The request with this idempotency key is done ({outcome}, {callId}), but its answer was not kept: it is too large, or cannot be written as JSON.',
  action: 'Look at the audit record of that call, or send the request with a new key to run it again.',
});

export const IdempotencyUnavailable = defineError('IDEMPOTENCY_UNAVAILABLE', {
  status: 503,
  category: 'internal',
  retryable: true,
  message: 'Idempotency keys cannot be looked up at the moment, so the request was not run.',
  action: 'Send it again in a few seconds, with the same key.',
});

export const idempotencyErrors = [
  IdempotencyKeyReused,
  IdempotencyInProgress,
  IdempotencyOutcomeUnknown,
  IdempotencyAnswerGone,
  IdempotencyUnavailable,
];
