import { defineError } from '../../kernel/errors.ts';

export const Limited = defineError('LIMITED', {
  status: 429,
  category: 'rate_limit',
  retryable: true,
  message: 'The limit "{rule}" is reached: {limit}, and {remaining} left.',
  action: 'Call again after {seconds} s, or make fewer calls; who administers the organisation can change the limit.',
});

export const LimitDeclared = defineError('LIMIT_DECLARED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The limit "{name}" is declared in the configuration file.',
  action: 'Change it there, or take another name.',
});

export const TooManyLimits = defineError('TOO_MANY_LIMITS', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'An organisation has at most {limit} limits that were added at run time.',
  action: 'Remove one that nobody needs.',
});

export const limitsErrors = [Limited, LimitDeclared, TooManyLimits];
