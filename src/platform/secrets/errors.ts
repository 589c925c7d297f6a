import { defineError } from '../../kernel/errors.ts';

export const SecretUnavailable = defineError('SECRET_UNAVAILABLE', {
  status: 503,
  category: 'external_service',
  retryable: true,
  message: 'A secret that this needs cannot be had: {reason}',
  action: 'Try again later; whoever runs this server sees with `fairlead secrets check` what is wrong.',
});

export const secretsErrors = [SecretUnavailable];
