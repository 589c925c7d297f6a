import { defineError } from '../../kernel/errors.ts';

export const CredentialUnavailable = defineError('CREDENTIAL_UNAVAILABLE', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'There is no token for the upstream "{name}" now: {reason}.',
  action: 'Try again later.',
  lacks: 'token',
});

export const CredentialRefused = defineError('CREDENTIAL_REFUSED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'There is no token for the upstream "{name}": {reason}.',
  action: 'Ask an administrator to look at the auth settings of this upstream; its status and the log say more.',
  lacks: 'token',
});

export const CallerNotVouchedFor = defineError('CALLER_NOT_VOUCHED_FOR', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'The upstream "{name}" is called for whoever is behind a call, and {reason}.',
  action: 'Sign in as a person, or with a token of an issuer that the upstream trusts, and call again.',
});

export const CallerTokenGone = defineError('CALLER_TOKEN_GONE', {
  status: 403,
  category: 'permission',
  retryable: false,
  // What became of an approved call is told by its message alone: the remedy stands in it.
  message:
    'The upstream "{name}" is called with a token that is had for the one of the caller. This call is made later than it was asked for, once somebody had approved it, and callers\' tokens are kept nowhere. It can be made only if the upstream takes the word of Fairlead (auth.subject: assertion), or without consent.',
  action:
    'Ask an administrator to set auth.subject: assertion for this upstream, with the built-in sign-in, or to allow the tool without consent for whom may use it.',
});

export const credentialsErrors = [CredentialUnavailable, CredentialRefused, CallerNotVouchedFor, CallerTokenGone];
