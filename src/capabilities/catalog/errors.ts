import { defineError } from '../../kernel/errors.ts';

export const ReviewStale = defineError('REVIEW_STALE', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'What is offered as {what} now is not what you decided on.',
  action: 'Look at it again with `fairlead tools review`, then decide on the digest that it shows.',
});

export const catalogErrors = [ReviewStale];
