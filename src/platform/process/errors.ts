import { defineError } from '../../kernel/errors.ts';

export const CommandNotFound = defineError('COMMAND_NOT_FOUND', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The command "{command}" was not found.',
  action: "Install it on the server's machine, put its folder into PATH, or give its full path.",
});

export const CommandNotStarted = defineError('COMMAND_NOT_STARTED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The command "{command}" could not be started: {reason}.',
  action: 'Run it by hand as the user that Fairlead runs as, and correct what it complains about.',
});

export const WorkingDirectoryMissing = defineError('WORKING_DIRECTORY_MISSING', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The working directory (cwd) given for "{command}" does not exist or is not a directory.',
  action: 'Create it, or correct cwd.',
});

export const WardenUnavailable = defineError('WARDEN_UNAVAILABLE', {
  status: 503,
  category: 'internal',
  retryable: true,
  message: 'The process that ends child processes with the server could not be started, so no child is started.',
  action: 'Look for the limits of processes and memory on the machine; the log has the cause.',
});

export const processErrors = [CommandNotFound, CommandNotStarted, WorkingDirectoryMissing, WardenUnavailable];
