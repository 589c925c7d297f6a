import { defineError } from '../../kernel/errors.ts';

export const SignInRefused = defineError('SIGN_IN_REFUSED', {
  status: 401,
  category: 'authentication',
  retryable: false,
  message: 'This e-mail address and password do not go together.',
  action: 'Check both. Whoever administers your organisation can send a new invitation.',
});

export const TooManyAttempts = defineError('SIGN_IN_LIMITED', {
  status: 429,
  category: 'rate_limit',
  retryable: true,
  message: 'There were too many attempts. This one was not looked at.',
  action: 'Wait a few minutes and try again.',
});

export const InvitationVoid = defineError('INVITATION_VOID', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'This invitation is unknown, used already, or too old.',
  action: 'Ask whoever invited you for a new one.',
});

export const SigninUnavailable = defineError('SIGN_IN_UNAVAILABLE', {
  status: 503,
  category: 'external_service',
  retryable: true,
  message: 'Who is a member here cannot be looked up at the moment, so nobody is let in.',
  action: 'Try again in a few seconds; if it stays, whoever runs this server should look at its database.',
});

export const SigninOff = defineError('SIGN_IN_OFF', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The built-in sign-in of this server is off.',
  action: 'Set auth.builtIn: true, or let people in by the issuer that auth.issuers names.',
});

export const ClientRefused = defineError('CLIENT_REFUSED', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The program that wants to sign somebody in cannot be used: {reason}.',
  action: 'Correct its registration, or the document that its id names.',
});

export const SsoRequired = defineError('SSO_REQUIRED', {
  status: 403,
  category: 'authentication',
  retryable: false,
  message: 'Your organisation lets its members in by its identity provider alone.',
  action: 'Sign in by the button of your provider. A password does not count here any more.',
});

export const SsoRefused = defineError('SSO_REFUSED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Your provider says who you are, but that does not let you in here: {reason}.',
  action: 'Ask whoever administers your organisation, and name the reason.',
});

export const SsoFailed = defineError('SSO_FAILED', {
  status: 400,
  category: 'authentication',
  retryable: false,
  message: 'The answer that came from {provider} cannot be used. Nobody was signed in.',
  action: 'Begin again here, in this browser. If it stays, whoever runs this server finds the reason in its log.',
});

export const SsoUnavailable = defineError('SSO_UNAVAILABLE', {
  status: 503,
  category: 'external_service',
  retryable: true,
  message: '{provider} cannot be reached at the moment, so nobody can sign in by it.',
  action: 'Try again in a minute; if it stays, whoever runs this server finds the reason in its log.',
});

export const signinErrors = [
  SignInRefused,
  TooManyAttempts,
  InvitationVoid,
  SigninUnavailable,
  SigninOff,
  ClientRefused,
  SsoRequired,
  SsoRefused,
  SsoFailed,
  SsoUnavailable,
];
