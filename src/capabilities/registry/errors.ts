import { defineError } from '../../kernel/errors.ts';

export const RegistryUnavailable = defineError('REGISTRY_UNAVAILABLE', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The registry {where} cannot be read: {reason}.',
  action: 'Check the address or the path: --registry, or registry.url in fairlead.yaml.',
});

export const RegistryUnreadable = defineError('REGISTRY_UNREADABLE', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'What {where} holds cannot be taken as a registry: {faults}',
  action: 'It must be a server.json, a list of them, or what the API of an MCP registry answers.',
});

export const RegistryServerUnknown = defineError('REGISTRY_SERVER_UNKNOWN', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: '{where} has no {what}{instead}',
  action: 'Look for it with `fairlead catalog search WORDS`.',
});

export const RegistryNotUsable = defineError('REGISTRY_NOT_USABLE', {
  status: 422,
  category: 'validation',
  retryable: false,
  message: '{what} of {server} cannot be put behind Fairlead: {reason}.',
  action: 'See with `fairlead catalog show {server}` whether it comes in another way.',
});

export const RegistryValues = defineError('REGISTRY_VALUES', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: '{server} cannot be added like this:\n{faults}',
  action:
    'Give values with --value NAME=VALUE, and secrets with --values-file or as a reference to a variable or a file.',
});

export const registryErrors = [
  RegistryUnavailable,
  RegistryUnreadable,
  RegistryServerUnknown,
  RegistryNotUsable,
  RegistryValues,
];
