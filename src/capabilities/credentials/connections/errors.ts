import { defineError } from '../../../kernel/errors.ts';

export const ConnectionNeeded = defineError('CONNECTION_NEEDED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'The upstream "{name}" is used by each person with an account of their own, and {reason}.',
  action: 'Open {link} in a browser within {minutes} minutes, sign in there, and call again.{care}',
  lacks: 'visit',
});

export const ConnectionForPeople = defineError('CONNECTION_FOR_PEOPLE', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'The upstream "{name}" is used by each person with an account of their own, and nobody is behind this call.',
  action: 'Call with a credential: sign in, or use an API key.',
});

export const NobodyConnected = defineError('NOBODY_CONNECTED', {
  status: 503,
  category: 'external_service',
  retryable: false,
  message: 'It waits for somebody to sign in: nobody has connected an account yet.',
  action: 'Connect one: fairlead connections connect {name}',
  lacks: 'first-sign-in',
});

export const ConnectionFailed = defineError('CONNECTION_FAILED', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'An account at "{name}" cannot be connected now: {reason}.',
  action: 'Try again later; if it stays, show this to whoever runs the upstream.',
});

export const ConnectionBlocked = defineError('CONNECTION_BLOCKED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message:
    'An account at "{name}" cannot be connected: where its people sign in is an address that Fairlead does not send requests to, since it is private, of this machine, or of no web server.',
  action:
    'Ask whoever runs this server to add the host of the authorization server (it is in the log) to egress.allow in fairlead.yaml, if it is one of yours, or to name another one as auth.issuer of the upstream.',
});

export const ConnectionLinkVoid = defineError('CONNECTION_LINK_VOID', {
  status: 410,
  category: 'not_found',
  retryable: false,
  message: 'This link is used, too old, or not whole.',
  action: 'Call the tool again, or run fairlead connections connect, for a new one.',
});

export const ConnectionElsewhere = defineError('CONNECTION_ELSEWHERE', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'This answer does not belong to what was begun in this browser, so nothing was connected.',
  action: 'Open the link that you were given yourself, and go on in the same browser.',
});

export const RefreshFailed = defineError('CONNECTION_REFRESH_FAILED', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The access to "{name}" ran out and cannot be renewed now: {reason}.',
  action: 'Try again in a moment.',
});

export const NotPersonal = defineError('UPSTREAM_NOT_PERSONAL', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The upstream "{name}" is not used with an account of each person.',
  action: 'Connect to one whose settings say `auth: { grant: authorization_code }`.',
});

export const connectionErrors = [
  ConnectionNeeded,
  ConnectionForPeople,
  NobodyConnected,
  ConnectionFailed,
  ConnectionBlocked,
  ConnectionLinkVoid,
  ConnectionElsewhere,
  RefreshFailed,
  NotPersonal,
];
