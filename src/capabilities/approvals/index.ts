export { type Approvals, createApprovals, type ShownApproval } from './approvals.ts';
export { approvalsErrors } from './errors.ts';
export { keptApprovals } from './holding.ts';
export { approvalsMigrations } from './migrations.ts';
export { createRunner, type Runner } from './runner.ts';
export { purgeApprovals, voidApprovalsOf } from './store.ts';
export { type ApprovalTools, approvalResult, approvalStatus, createApprovalTools } from './tools.ts';
export { type Approval, type Asker, approvalStates, decisions } from './types.ts';
export { approvalsPath } from './words.ts';
