import { defineError } from '../../kernel/errors.ts';

export const AuditQueueFull = defineError('AUDIT_QUEUE_FULL', {
  status: 503,
  category: 'internal',
  retryable: true,
  message: 'The audit queue is full, and no call runs without its audit record.',
  action: 'Try again in a second.',
});

export const AuditUnavailable = defineError('AUDIT_UNAVAILABLE', {
  status: 503,
  category: 'internal',
  retryable: true,
  message: 'The audit record could not be made durable: neither the database nor the data folder takes it.',
  action: 'Look at what the call was to do before repeating it. Tell whoever runs this server: its log has the cause.',
});

/** The code of a call that was running when its server ended; never thrown, only recorded. */
export const OutcomeUnknown = defineError('OUTCOME_UNKNOWN', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The server ended while this call was running, so nobody knows whether it took effect.',
  action: 'Look at what the call was to change before repeating it.',
});

/** The code of a call whose caller never answered; never thrown, only recorded. */
export const InputExpired = defineError('INPUT_EXPIRED', {
  status: 504,
  category: 'timeout',
  retryable: true,
  message: 'The call asked its caller for input, and no answer came in time.',
  action: 'Make the call again and answer what it asks.',
});

export const auditErrors = [AuditQueueFull, AuditUnavailable, OutcomeUnknown, InputExpired];
