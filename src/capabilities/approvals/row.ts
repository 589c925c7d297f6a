import type { MadeBackup, Outcome } from '../../kernel/call.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Approval, ApprovalState, Asker, ConsentKind } from './types.ts';

/** `bigint` comes out of the driver as text. */
export type Big = number | string;

interface ApprovalRow {
  org: string;
  id: string;
  kind: string;
  state: string;
  principal: string;
  subject: string;
  asker: unknown;
  tool: string;
  tool_digest: string;
  argument_digest: string;
  request_digest: string;
  policy_version: string;
  rule: string;
  needed: number;
  approvers: unknown;
  repeatable: boolean;
  call_id: string;
  request: string;
  edited_request: string | null;
  edited_digest: string | null;
  created_at: Big;
  expires_at: Big;
  decided_at: Big | null;
  life: string | null;
  lease_until: Big | null;
  runs: number;
  run_call_id: string | null;
  ended_at: Big | null;
  outcome: string | null;
  outcome_unknown: boolean;
  reason: string | null;
  answer: string | null;
  preview_due: Big | null;
  preview: string | null;
  backup: unknown;
}

export type ApprovalTables = {
  approvals: ApprovalRow;
  approval_decisions: {
    org: string;
    approval: string;
    decision: string;
    decided_by: string;
    decided_by_name: string;
    subject: string;
    comment: string | null;
    argument_digest: string | null;
    edited: boolean;
    via: string | null;
    at: Big;
  };
};

/** An approval with what only the house sees of it. */
export interface KeptApproval extends Approval {
  /** Sealed. */
  request: string;
  /** Sealed; absent where it is called as asked for. */
  editedRequest?: string;
  /** Sealed. */
  answer?: string;
  /** Sealed. */
  preview?: string;
  /** Until when it is waited for; absent where none is declared. */
  previewDueAt?: number;
}

export const tables = (db: Db) => db.withTables<ApprovalTables>();

/** What a row says. */
export function approvalOf(row: ApprovalRow): KeptApproval {
  return {
    id: row.id,
    org: row.org,
    kind: row.kind as ConsentKind,
    state: row.state as ApprovalState,
    asker: row.asker as Asker,
    subject: row.subject,
    tool: row.tool,
    toolDigest: row.tool_digest,
    argumentDigest: row.argument_digest,
    policyVersion: row.policy_version,
    rule: row.rule,
    callId: row.call_id,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    needed: row.needed,
    ...(row.approvers === null ? {} : { approvers: row.approvers as string[] }),
    ...(row.run_call_id === null ? {} : { runCallId: row.run_call_id }),
    ...(row.decided_at === null ? {} : { decidedAt: Number(row.decided_at) }),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
    ...(row.outcome === null ? {} : { outcome: row.outcome as Outcome }),
    ...(row.outcome_unknown ? { outcomeUnknown: true as const } : {}),
    ...(row.reason === null ? {} : { reason: row.reason }),
    request: row.request,
    ...(row.edited_request === null ? {} : { editedRequest: row.edited_request }),
    ...(row.edited_digest === null ? {} : { editedDigest: row.edited_digest }),
    ...(row.answer === null ? {} : { answer: row.answer }),
    ...(row.preview === null ? {} : { preview: row.preview }),
    ...(row.preview_due === null ? {} : { previewDueAt: Number(row.preview_due) }),
    ...(row.backup === null ? {} : { backup: row.backup as MadeBackup }),
  };
}
