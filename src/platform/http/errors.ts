import { defineError } from '../../kernel/errors.ts';

export const EgressBlocked = defineError('EGRESS_BLOCKED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Fairlead does not send a request to "{host}": {reason}.',
  action:
    'Use a public http or https address, or have the operator add the host or its network to egress.allow in fairlead.yaml.',
});

export const EgressUnresolved = defineError('EGRESS_UNRESOLVED', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The name "{host}" has no address.',
  action: 'Check the spelling and that the server can resolve it.',
});

export const ResponseTooLarge = defineError('RESPONSE_TOO_LARGE', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The answer is larger than {maxBytes} bytes and was not read.',
  action: 'Ask for less at once.',
});

export const HostNotAllowed = defineError('HOST_NOT_ALLOWED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'The Host header does not name this server.',
  action: 'Use the address that the server prints at start, or add the name to FAIRLEAD_ALLOWED_HOSTS.',
});

export const OriginNotAllowed = defineError('ORIGIN_NOT_ALLOWED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Pages of this origin may not call this server.',
  action: 'Add the origin to FAIRLEAD_ALLOWED_ORIGINS.',
});

export const httpErrors = [EgressBlocked, EgressUnresolved, ResponseTooLarge, HostNotAllowed, OriginNotAllowed];
