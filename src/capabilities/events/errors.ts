import { defineError } from '../../kernel/errors.ts';

export const DestinationDeclared = defineError('DESTINATION_DECLARED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The destination "{name}" is declared in the configuration file.',
  action: 'Change it there, or take another name.',
});

export const TooManyDestinations = defineError('TOO_MANY_DESTINATIONS', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'An organisation has at most {limit} destinations that were added at run time.',
  action: 'Remove one that nobody uses.',
});

export const DestinationUnreadable = defineError('DESTINATION_UNREADABLE', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The settings of the destination "{name}" cannot be read any more.',
  action: 'Give them again: add it with --replace.',
});

export const NothingToRotate = defineError('NOTHING_TO_ROTATE', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The destination "{name}" is of a type that is not signed, so it has no secret to rotate.',
  action: 'Make a new address where it goes to, and add it with --replace.',
});

export const HookRefused = defineError('HOOK_REFUSED', {
  status: 401,
  category: 'authentication',
  retryable: false,
  message: 'There is no source of this name that has signed this, now.',
  action:
    'Check the name behind /hooks/, the secret, that the body goes out as it was signed, and the clock of the sender; the log of the server says which of these it is.',
});

export const HookTooLarge = defineError('HOOK_TOO_LARGE', {
  status: 413,
  category: 'validation',
  retryable: false,
  message: 'The body has more than {maxBytes} bytes.',
  action: 'Send less, or have the operator raise events.maxHookBytes.',
});

export const HookNotKept = defineError('HOOK_NOT_KEPT', {
  status: 503,
  category: 'external_service',
  retryable: true,
  message: 'This could not be kept, and so it was not taken.',
  action: 'Send it again.',
});

export const eventsErrors = [
  DestinationDeclared,
  TooManyDestinations,
  DestinationUnreadable,
  NothingToRotate,
  HookRefused,
  HookTooLarge,
  HookNotKept,
];
