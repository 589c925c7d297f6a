import { defineError } from '../../kernel/errors.ts';

export const CredentialUnavailable = defineError('CREDENTIAL_UNAVAILABLE', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'There is no token for the upstream "{name}" now: {reason}.',
  action: 'Try again later.',
});

export const CredentialRefused = defineError('CREDENTIAL_REFUSED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'There is no token for the upstream "{name}": {reason}.',
  action: 'Ask an administrator to look at the auth settings of this upstream; its status and the log say more.',
});

export const CallerNotVouchedFor = defineError('CALLER_NOT_VOUCHED_FOR', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'The upstream "{name}" is called for whoever is behind a call, and {reason}.',
  action: 'Sign in as a person, or with a token of an issuer that the upstream trusts, and call again.',
});

export const credentialsErrors = [CredentialUnavailable, CredentialRefused, CallerNotVouchedFor];
