import { defineError } from '../../kernel/errors.ts';

export const PlanInvalid = defineError('PLAN_INVALID', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The plan cannot run, and nothing was called: {faults}',
  action: 'Correct all that the message names and send the whole plan again.',
});

export const PlanNested = defineError('PLAN_NESTED', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'A plan was started from within a plan, which would take it out of the bounds of the first.',
  action: 'Put the steps of the inner plan into the outer one, or run the two one after the other.',
});

export const PlanReferenceEmpty = defineError('PLAN_REFERENCE_EMPTY', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The reference "{ref}" leads to nothing: {reason}',
  action: 'Correct the path, or put "default" beside "$ref" where the value may be missing.',
});

export const PlanReferenceUnfit = defineError('PLAN_REFERENCE_UNFIT', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The reference "{ref}" gives {kind}, where {wanted} is needed.',
  action: 'Refer to the right part of the result.',
});

export const PlanTooManyCalls = defineError('PLAN_TOO_MANY_CALLS', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'forEach has {items} items, but the plan has only {left} of its {max} calls left for it. None was made.',
  action: 'Take fewer at once with a slice such as [0:{left}] at the end of the path, and the others in another plan.',
});

export const PlanArgumentsTooLarge = defineError('PLAN_ARGUMENTS_TOO_LARGE', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'With what the references put in, the arguments have more than {max} bytes.',
  action: 'Refer to the parts that the tool needs instead of to whole results.',
});

export const PlanTooMuchData = defineError('PLAN_TOO_MUCH_DATA', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The references and selections of this plan would go through more than {max} list items.',
  action: 'Ask the tools for shorter lists, or use fewer paths with [*].',
});

export const PlanResultTooLarge = defineError('PLAN_RESULT_TOO_LARGE', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The tool {tool} ran, but its result has more than {max} bytes, the most that a plan takes from one call.',
  action: 'What the tool does has happened. Ask it for less: a page, a narrower search, fewer fields.',
});

export const PlanOutOfTime = defineError('PLAN_OUT_OF_TIME', {
  status: 504,
  category: 'timeout',
  retryable: false,
  message: 'The plan took longer than {limit}, so what still ran was cut off.',
  action: 'A call that was cut off may have taken effect: check, then run what is left in another, shorter plan.',
});

export const PlanToolFailed = defineError('PLAN_TOOL_FAILED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The tool {tool} says that it failed: {said}',
  action: 'Read what it says, change the arguments accordingly and run the plan from this step on.',
});

export const PlanStepAsks = defineError('PLAN_STEP_ASKS', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'The tool {tool} asks its caller something in the middle of the call, and a plan cannot pass that on.',
  action: 'Call this tool on its own, and put what comes after it into another plan.',
});

export const PlanStepOpen = defineError('PLAN_STEP_OPEN', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The call of {tool} ended as {outcome}, without a result.',
  action: '{next}',
});

export const PlanCancelled = defineError('PLAN_CANCELLED', {
  status: 499,
  category: 'timeout',
  retryable: false,
  message: 'The plan was cancelled by its caller.',
  action: 'The audit records of its calls say what had been done.',
});

export const plansErrors = [
  PlanInvalid,
  PlanNested,
  PlanReferenceEmpty,
  PlanReferenceUnfit,
  PlanTooManyCalls,
  PlanArgumentsTooLarge,
  PlanTooMuchData,
  PlanResultTooLarge,
  PlanOutOfTime,
  PlanToolFailed,
  PlanStepAsks,
  PlanStepOpen,
  PlanCancelled,
];
