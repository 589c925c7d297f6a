import { defineError } from '../kernel/errors.ts';

export const UnknownTool = defineError('UNKNOWN_TOOL', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'There is no {what} "{name}" here, or you may not use it.{state}',
  action: 'List what this endpoint offers and use a name from the list; ask an administrator if something is missing.',
});

export const UnknownSearchedTool = defineError('NO_SUCH_TOOL', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'There is no tool "{name}" here, or you may not use it.{state}',
  action: 'Call search_tools with what you want to do, and use a name that it gives.',
});

export const ToolQuarantined = defineError('TOOL_QUARANTINED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'The {what} {name} is quarantined: {reason}.',
  action: 'Use something else meanwhile, and ask an administrator to look at it with `fairlead tools review {name}`.',
});

export const ToolChanged = defineError('TOOL_CHANGED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message:
    'The tool {tool} has changed since it was accepted, in a way that does not fit this call, and is quarantined from now on: {faults}',
  action: 'Use something else meanwhile, and ask an administrator to look at it with `fairlead tools review {tool}`.',
});

export const FixedArgument = defineError('FIXED_ARGUMENT', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'This endpoint sets these arguments of {tool} itself: {names}.',
  action: 'Call again without them.',
});

export const UnknownEndpoint = defineError('UNKNOWN_ENDPOINT', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'There is no endpoint "{name}".',
  action: 'Use /mcp{others}; endpoints are declared in fairlead.yaml, or added with `fairlead endpoints add`.',
});

export const InvalidArguments = defineError('INVALID_ARGUMENTS', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The arguments do not fit the tool {tool}: {faults}',
  action: "Correct what the message names, by the tool's input schema, and call again.",
});

export const UnusableSchema = defineError('UNUSABLE_SCHEMA', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The tool {tool} declares a JSON Schema that cannot be used: {reason}',
  action: 'Tell the maintainer of the server behind it; until it is mended the tool cannot be called.',
});

export const OutputInvalid = defineError('OUTPUT_INVALID', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The tool {tool} ran, but its structured result breaks its own output schema: {faults}',
  action: 'What the tool does may have happened. Check before you call it again, and tell its maintainer.',
});

export const Denied = defineError('DENIED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Policy does not let you call {tool} this way (rule: {rule}).',
  action: 'Use another tool or other arguments, or ask an administrator for a role that may.',
});

export const ConsentNeeded = defineError('CONSENT_NEEDED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Policy lets you use {tool} only with consent, and nobody can be asked for this: {reason} (rule: {rule}).',
  action: 'Ask an administrator to run it, or for a role that may use it unattended.',
});

export const PolicyFailed = defineError('POLICY_FAILED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'A policy could not be evaluated for {tool}, so the call is refused.',
  action: 'Tell an administrator: the audit record of this call names the policy and its error.',
});

export const Cancelled = defineError('CANCELLED', {
  status: 499,
  category: 'timeout',
  retryable: true,
  message: 'The call was cancelled by its caller.',
  action: 'Call again if you still need it. If the tool changes something, check first what it had done.',
});

export const DeadlinePassed = defineError('DEADLINE_PASSED', {
  status: 504,
  category: 'timeout',
  retryable: true,
  message: "The call's deadline passed before it could be done.",
  action: 'Call again with more time.',
});

export const CutOff = defineError('CUT_OFF', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The server is shutting down and could not wait for this call any longer.',
  action: 'What the tool does may have happened. Check, then call again: the restarted server or another one answers.',
});

export const gatewayErrors = [
  UnknownTool,
  UnknownSearchedTool,
  ToolQuarantined,
  ToolChanged,
  FixedArgument,
  UnknownEndpoint,
  InvalidArguments,
  UnusableSchema,
  OutputInvalid,
  Denied,
  ConsentNeeded,
  PolicyFailed,
  Cancelled,
  DeadlinePassed,
  CutOff,
];
