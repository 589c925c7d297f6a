import { defineError } from '../../kernel/errors.ts';

export const ApprovalDecided = defineError('APPROVAL_DECIDED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The approval {id} cannot be decided any more: it is {state}.',
  action: 'Look at it with `fairlead approvals show {id}`; the caller can ask anew.',
});

export const SelfApproval = defineError('SELF_APPROVAL', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Nobody decides on what they asked for themselves, nor on what a key of theirs asked for.',
  action: 'Ask somebody else who may decide on approvals.',
});

export const NotApprover = defineError('NOT_APPROVER', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'Others decide on this: {approvers}.',
  action: 'Ask one of them.',
});

export const ApprovedAlready = defineError('APPROVED_ALREADY', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'You have approved {id} already; it takes a second person.',
  action: 'Ask somebody else who may decide on it.',
});

export const ApprovalVoid = defineError('APPROVAL_VOID', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'The approval {id} does not count any more: {reason}.',
  action: 'Call the tool again, which asks for a new approval if one is needed.',
});

export const ApprovalTaken = defineError('APPROVAL_TAKEN', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'The approval {id} has been used: one approval is one call.',
  action: 'Ask for its result with approval_result.',
});

export const EditRefused = defineError('EDIT_REFUSED', {
  status: 400,
  category: 'validation',
  retryable: false,
  message: 'With these arguments the call would not be let through: {reason}',
  action: 'Correct them, by what it says, or approve or reject what was asked for.',
});

export const EditNeedsOthers = defineError('EDIT_NEEDS_OTHERS', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'With these arguments others would have to consent: {who}.',
  action: 'Reject it with a comment, so that the caller asks for this anew; they are then asked.',
});

export const ApprovalChanged = defineError('APPROVAL_CHANGED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'Somebody has changed the arguments of {id}, and your decision is not on those that stand now.',
  action: 'Look at it again with `fairlead approvals show {id}`, then decide with the digest that it shows (--seen).',
});

export const TooManyApprovals = defineError('TOO_MANY_APPROVALS', {
  status: 429,
  category: 'rate_limit',
  retryable: true,
  message: '{count} calls wait for approval already, which is all that {whose} may have waiting.',
  action: 'Wait until some of them are decided; `fairlead approvals list` shows them.',
});

export const ApprovalsUnavailable = defineError('APPROVALS_UNAVAILABLE', {
  status: 503,
  category: 'internal',
  retryable: true,
  message: 'Approvals cannot be looked up at the moment, so nothing was done.',
  action: 'Try again in a few seconds.',
});

export const BackupFailed = defineError('BACKUP_FAILED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The call was not made, since the backup that is to be made before it by {tool} was not: {reason}.',
  action: 'Have the backup mended, then call the tool again, which asks for consent anew.',
});

export const approvalsErrors = [
  ApprovalDecided,
  SelfApproval,
  NotApprover,
  ApprovedAlready,
  EditRefused,
  EditNeedsOthers,
  ApprovalChanged,
  ApprovalVoid,
  ApprovalTaken,
  TooManyApprovals,
  ApprovalsUnavailable,
  BackupFailed,
];
