import { defineError } from '../../kernel/errors.ts';

export const MissingCredential = defineError('CREDENTIAL_MISSING', {
  status: 401,
  category: 'authentication',
  retryable: false,
  message: 'This request carries no credential.',
  action: 'Send an API key or an access token as "Authorization: Bearer <credential>".',
});

export const InvalidCredential = defineError('CREDENTIAL_INVALID', {
  status: 401,
  category: 'authentication',
  retryable: false,
  message: 'The credential is not accepted: {reason}.',
  action: 'Use a key that is neither revoked nor mistyped, or sign in again for a new token.',
});

export const ExpiredCredential = defineError('CREDENTIAL_EXPIRED', {
  status: 401,
  category: 'authentication',
  retryable: false,
  message: 'The credential has expired.',
  action: 'Have a new key made, or sign in again for a new token.',
});

export const Forbidden = defineError('FORBIDDEN', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'This needs the scope {scope}, which the credential or its roles do not carry.',
  action: 'Use a credential with the scope {scope}, or ask an administrator of the organisation.',
});

export const CredentialSealed = defineError('BREAK_GLASS_SEALED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'A sealed break-glass credential opens nothing but its own use.',
  action: 'Use it: fairlead break-glass activate, with what has happened as the reason.',
});

export const RightsExceeded = defineError('RIGHTS_EXCEEDED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Nobody can hand out more rights than their own: {excess}.',
  action: 'Ask for fewer rights, or have the key made by somebody who holds them.',
});

export const AccessUnavailable = defineError('ACCESS_UNAVAILABLE', {
  status: 503,
  category: 'external_service',
  retryable: true,
  message: 'Credentials cannot be checked at the moment, so nobody is let in.',
  action: 'Try again in a few seconds; if it stays, whoever runs this server should look at its database.',
});

export const IssuerUnavailable = defineError('ISSUER_UNAVAILABLE', {
  status: 503,
  category: 'external_service',
  retryable: true,
  message: 'The keys of the issuer of this token cannot be had at the moment, so it cannot be checked.',
  action: 'Try again in a few seconds; if it stays, whoever runs this server should look at the issuer.',
});

export const IssuerRefused = defineError('ISSUER_REFUSED', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The issuers of auth.issuers cannot be used: {faults}',
  action: 'Correct what the message names in the configuration.',
});

export const accessErrors = [
  MissingCredential,
  InvalidCredential,
  ExpiredCredential,
  Forbidden,
  CredentialSealed,
  RightsExceeded,
  AccessUnavailable,
  IssuerUnavailable,
  IssuerRefused,
];
