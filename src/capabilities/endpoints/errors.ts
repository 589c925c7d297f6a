import { defineError } from '../../kernel/errors.ts';

export const EndpointDeclared = defineError('ENDPOINT_DECLARED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The endpoint "{name}" is declared in the configuration file.',
  action: 'Change it there, or take another name.',
});

export const EndpointLimit = defineError('ENDPOINT_LIMIT', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'An organisation has at most {limit} endpoints that were added at run time.',
  action: 'Remove one that nobody uses.',
});

export const endpointsErrors = [EndpointDeclared, EndpointLimit];
