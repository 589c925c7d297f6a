import { defineError, type FairleadError } from '../kernel/errors.ts';

export const ConfigInvalid = defineError('CONFIG_INVALID', {
  status: 500,
  category: 'validation',
  retryable: false,
  message: 'The settings are not valid: {faults}',
  action: 'Correct each of them; `fairlead config check` looks again without starting anything.',
});

export const configErrors = [ConfigInvalid];

/** Everything that is wrong with the settings at once. A fault names a place and never a value. */
export interface ConfigFaults extends FairleadError {
  readonly faults: readonly string[];
}

export function configInvalid(faults: readonly string[]): ConfigFaults {
  return Object.assign(ConfigInvalid({ faults }), { faults });
}

/** The single faults of a `ConfigInvalid` error; undefined for any other error. */
export function faultsOf(error: unknown): readonly string[] | undefined {
  return ConfigInvalid.is(error) && 'faults' in error ? (error as ConfigFaults).faults : undefined;
}
