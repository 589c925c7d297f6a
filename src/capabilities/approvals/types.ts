import type { MadeBackup, Outcome, Surface } from '../../kernel/call.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';

/** Who may consent: somebody else, or the person behind the caller too. */
export type ConsentKind = 'confirm' | 'approve';

export const approvalStates = [
  'pending',
  'deferred',
  'approved',
  'claimed',
  'done',
  'failed',
  'rejected',
  'expired',
  'void',
] as const;
export type ApprovalState = (typeof approvalStates)[number];

/** Who has to consent, and how long that is waited for. */
export interface Terms {
  expiryMs: number;
  needed: number;
  /** Such as `role:admin` or `team:ops`; absent for all who may decide. */
  approvers?: readonly string[];
}

/** From which nothing follows any more. */
export function isOver(state: ApprovalState): boolean {
  return !['pending', 'deferred', 'approved', 'claimed'].includes(state);
}

export const decisions = ['approve', 'reject', 'defer'] as const;
export type DecisionKind = (typeof decisions)[number];

/** Who asked, as it was then. */
export type Asker = Pick<
  Principal,
  'id' | 'kind' | 'org' | 'name' | 'actsFor' | 'roles' | 'teams' | 'scopes' | 'credential'
>;

/** The call that is to be made, as it can be made anew. */
export interface ParkedRequest {
  surface: Surface;
  /** Canonical id of the tool. */
  target: string;
  endpoint?: string;
  /** As the caller gave them: without what the endpoint sets itself. */
  arguments: JsonObject;
  clientAddress?: string;
}

export interface GivenDecision {
  decision: DecisionKind;
  by: string;
  /** The person behind who decided. */
  subject: string;
  name: string;
  comment?: string;
  /** Of the arguments that it was on; absent where those are the ones that were asked for. Keyed. */
  argumentDigest?: string;
  /** With arguments of their own in place of those that were asked for. */
  edited?: true;
  /** It was given to the program that asked, and not here. */
  via?: 'elicitation';
  /** Milliseconds since the epoch, as all times here. */
  at: number;
}

/** A request for consent, and what has become of it. */
export interface Approval {
  id: string;
  org: OrgId;
  kind: ConsentKind;
  state: ApprovalState;
  asker: Asker;
  /** Who is behind the asker. */
  subject: string;
  tool: string;
  toolDigest: string;
  /** Keyed. */
  argumentDigest: string;
  /** Keyed, of the arguments that are used in place of those; absent where nobody changed them. */
  editedDigest?: string;
  policyVersion: string;
  rule: string;
  /** How many people have to approve. */
  needed: number;
  /** Who decides, such as `role:admin` or `team:ops`; absent where that is all who may decide. */
  approvers?: readonly string[];
  /** The call that asked. */
  callId: string;
  /** The call that was made. */
  runCallId?: string;
  createdAt: number;
  expiresAt: number;
  decidedAt?: number;
  endedAt?: number;
  outcome?: Outcome;
  /** It may have taken effect: nobody saw its end. */
  outcomeUnknown?: true;
  /** Why it ended without a result. */
  reason?: string;
  /** What is to be saved before the call, and once it has been: by what it is found again. */
  backup?: MadeBackup;
}
