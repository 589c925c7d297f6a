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

/** The code of a call or an act that was running when its server ended; never thrown, only recorded. */
export const OutcomeUnknown = defineError('OUTCOME_UNKNOWN', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The server ended while this was running, so nobody knows whether it took effect.',
  action: 'Look at what it was to change before repeating it.',
});

export const auditErrors = [AuditQueueFull, AuditUnavailable, OutcomeUnknown];
