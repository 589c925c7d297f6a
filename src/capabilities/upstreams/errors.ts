import { defineError } from '../../kernel/errors.ts';

export const UpstreamUnavailable = defineError('UPSTREAM_UNAVAILABLE', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The upstream "{name}" cannot be reached: {reason}',
  action: 'Try again later, or use another tool; the upstream is being reconnected in the background.',
});

export const UpstreamTimeout = defineError('UPSTREAM_TIMEOUT', {
  status: 504,
  category: 'timeout',
  retryable: true,
  message: 'The upstream "{name}" did not answer within {limit}.',
  action:
    'Ask for less at once, or try again {remedy}. The call may have taken effect: check before you repeat a change.',
});

export const UpstreamBusy = defineError('UPSTREAM_BUSY', {
  status: 429,
  category: 'rate_limit',
  retryable: true,
  message: 'The upstream "{name}" is busy: {reason}',
  action: 'Wait and try again with fewer calls at once.',
});

export const UpstreamProtocol = defineError('UPSTREAM_PROTOCOL', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The upstream "{name}" gave an answer that cannot be used: {reason}',
  action: 'Tell whoever runs the upstream; calling again the same way will not help.',
});

export const UpstreamAnswerTooLarge = defineError('UPSTREAM_ANSWER_TOO_LARGE', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The upstream "{name}" gave an answer of {size}; at most {maxBytes} bytes are read.',
  action:
    'Ask for less at once: a part, a page, or a narrower search. What was asked for may have taken effect: check before you repeat a change.',
});

export const UpstreamRejected = defineError('UPSTREAM_REJECTED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The upstream "{name}" refused the request: {reason}',
  action: 'Read the reason, change the request accordingly and send it again.',
});

export const UpstreamInvalidParams = defineError('UPSTREAM_INVALID_PARAMS', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The upstream "{name}" does not accept the arguments: {reason}',
  action: 'Correct the arguments as the reason says and call again.',
});

export const UpstreamUnauthorized = defineError('UPSTREAM_UNAUTHORIZED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The upstream "{name}" does not accept the credentials that Fairlead has for it.',
  action: 'Ask an administrator to renew the credentials of this upstream.',
});

export const CallerCannotAnswer = defineError('CALLER_CANNOT_ANSWER', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The upstream "{name}" asked the caller a question that cannot be put: {reason}',
  action: 'Call from an MCP client that supports this kind of question, or give all needed values as arguments.',
});

export const CallCancelled = defineError('CALL_CANCELLED', {
  status: 499,
  category: 'timeout',
  retryable: true,
  message: 'The call was cancelled before the upstream "{name}" answered.',
  action: 'Call again if the result is still wanted.',
});

export const UpstreamUnknown = defineError('UPSTREAM_UNKNOWN', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'There is no upstream "{name}".',
  action: 'List the upstreams and use a name from the list.',
});

export const UpstreamNameTaken = defineError('UPSTREAM_NAME_TAKEN', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The name "{name}" is taken: {reason}',
  action: 'Choose another name, or change the upstream of this name.',
});

export const UpstreamDeclared = defineError('UPSTREAM_DECLARED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The upstream "{name}" is declared in the configuration file.',
  action: 'Change or remove it there; the file is read again when it changes.',
});

export const RuntimeStdioOff = defineError('RUNTIME_STDIO_OFF', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Upstreams that start a process cannot be added while the server runs.',
  action:
    'Declare it in fairlead.yaml, or set allowRuntimeStdio: true there, which lets admins of the default organisation add it.',
});

export const UpstreamLimit = defineError('UPSTREAM_LIMIT', {
  status: 409,
  category: 'rate_limit',
  retryable: false,
  message: 'An organisation may add at most {limit} upstreams.',
  action: 'Remove one that is no longer needed.',
});

export const upstreamsErrors = [
  UpstreamUnavailable,
  UpstreamTimeout,
  UpstreamBusy,
  UpstreamProtocol,
  UpstreamAnswerTooLarge,
  UpstreamRejected,
  UpstreamInvalidParams,
  UpstreamUnauthorized,
  CallerCannotAnswer,
  CallCancelled,
  UpstreamUnknown,
  UpstreamNameTaken,
  UpstreamDeclared,
  RuntimeStdioOff,
  UpstreamLimit,
];
