import { defineError } from '../../kernel/errors.ts';

export const PolicyInvalid = defineError('POLICY_INVALID', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The policy "{name}" is not valid: {faults}',
  action: 'Correct what the message names and save it again; the policies in force stay as they are.',
});

export const PolicyNameInvalid = defineError('POLICY_NAME_INVALID', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'A policy cannot be named like that.',
  action: 'Use 1 to 63 lower case letters, digits and dashes that begin with a letter.',
});

export const PolicyShipped = defineError('POLICY_SHIPPED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The shipped rules come with Fairlead: they cannot be changed or removed.',
  action:
    'Save rules of your own under another name: one forbid beats every shipped permit. Whoever runs the server can take the shipped roles out of force, with policies.shipped: false in fairlead.yaml.',
});

export const TooManyPolicies = defineError('TOO_MANY_POLICIES', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'An organisation can have at most {limit} policies.',
  action: 'Remove a policy, or put several rules into one policy.',
});

export const PoliciesChanged = defineError('POLICIES_CHANGED', {
  status: 412,
  category: 'validation',
  retryable: false,
  message: 'The policies, or the text, are not those that were rehearsed.',
  action: 'Rehearse the change again, look at what it does now, and make it with the ETag of that answer.',
});

export const PoliciesNotLoaded = defineError('POLICIES_NOT_LOADED', {
  status: 503,
  category: 'internal',
  retryable: true,
  message: 'The policies cannot be read now.',
  action: 'Wait a little and try again.',
});

export const RehearsalsBusy = defineError('REHEARSALS_BUSY', {
  status: 429,
  category: 'rate_limit',
  retryable: true,
  message: 'Policies are being rehearsed already; one organisation has one rehearsal at a time, and a server two.',
  action: 'Wait until it is over and try again.',
});

export const policyErrors = [
  PolicyInvalid,
  PolicyNameInvalid,
  PolicyShipped,
  TooManyPolicies,
  PoliciesChanged,
  PoliciesNotLoaded,
  RehearsalsBusy,
];

/** The settings cannot be run by: for the operator, never for a caller. Each fault names its file or key. */
export class PolicySettingsFault extends Error {
  override name = 'PolicySettingsFault';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The policies cannot be loaded:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}
