import type { JsonObject } from '../../kernel/json.ts';
import type { Tool, ToolResult } from '../../kernel/tool.ts';
import { type Approval, type ApprovalState, type GivenDecision, isOver } from './types.ts';

/** Where approvals are decided in a browser; each below it by its id. */
export const approvalsPath = '/auth/approvals';

/** What the caller of a parked call is told. @param link the page on which it is decided, where there is one */
export function pendingResult(approval: Approval, tool: Tool, link: string | undefined): ToolResult {
  const about = standingOf(approval, [], link);
  const others = approval.needed > 1 ? 'two other people' : 'somebody else';
  const who = approval.kind === 'confirm' ? 'the person behind you' : others;
  const isOpen = approval.state === 'pending' || approval.state === 'deferred';
  const done = isOpen ? 'Nothing has been done yet. ' : `It was asked for before, and is ${approval.state} by now. `;
  const text =
    `Policy lets you call ${approval.tool} only with consent, to be given by ${who}${link === undefined ? '' : ` at ${link}`}. ${done}` +
    `The request is kept as approval ${approval.id} until ${String(about.expiresAt)}; ${nextWords(approval)}`;
  return {
    content: [{ type: 'text', text }],
    structuredContent: about,
    // A client that holds results against an output schema would refuse this one: it has not been made by the tool.
    ...((tool.shown ?? tool.definition).outputSchema ? { isError: true } : {}),
    _meta: { [approvalKey]: about },
  };
}

/** Where an approval is told in `_meta`. */
export const approvalKey = 'dev.fairlead/approval';

/** What was asked for, and what was approved in its place. */
export interface Edit {
  asked: JsonObject;
  approved: JsonObject;
}

/** Told with a result to whoever did not ask for just this. */
export function editWords({ approved }: Edit): string {
  return `Who approved this call changed its arguments. It was made with: ${JSON.stringify(approved)}`;
}

/** How an approval stands, for whoever asked. */
export function standingOf(
  approval: Approval,
  decisions: readonly GivenDecision[],
  link: string | undefined,
  edit?: Edit,
): JsonObject {
  const { id, kind, state, tool, callId, runCallId, outcome, outcomeUnknown, reason } = approval;
  const comments = decisions.flatMap(({ decision, name, comment, edited }) => [
    { decision, by: name, ...(edited ? { edited } : {}), ...(comment === undefined ? {} : { comment }) },
  ]);
  return {
    approvalId: id,
    status: statusOf(state),
    state,
    kind,
    tool,
    ...(link === undefined || isOver(state) ? {} : { link }),
    callId,
    ...(approval.needed > 1 ? { needed: approval.needed } : {}),
    createdAt: iso(approval.createdAt),
    expiresAt: iso(approval.expiresAt),
    ...(approval.decidedAt === undefined ? {} : { decidedAt: iso(approval.decidedAt) }),
    ...(approval.endedAt === undefined ? {} : { endedAt: iso(approval.endedAt) }),
    ...(runCallId === undefined ? {} : { runCallId }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(outcomeUnknown ? { outcomeUnknown } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(edit ? { edited: { asked: edit.asked, approved: edit.approved } } : {}),
    ...(approval.backup === undefined ? {} : { backup: { ...approval.backup } }),
    ...(comments.length === 0 ? {} : { decisions: comments }),
    next: nextWords(approval),
  };
}

/** In three words, for a model: whether there is something to wait for. */
function statusOf(state: ApprovalState): string {
  if (state === 'pending' || state === 'deferred') return 'pending_approval';
  return state === 'approved' || state === 'claimed' ? 'running' : 'over';
}

/** What the caller does next. */
function nextWords({ id, state, outcomeUnknown }: Approval): string {
  switch (state) {
    case 'pending':
    case 'deferred':
      return (
        `once there is consent the call is made by itself. Do not call the tool again for this. Tell your user, go on with ` +
        `other work, and get the result with approval_result (approval_id ${id}); approval_status says how it stands.`
      );
    case 'approved':
    case 'claimed':
      return `it has been approved and is being made. Get the result with approval_result (approval_id ${id}).`;
    case 'done':
      return `the call was made. Get its result with approval_result (approval_id ${id}).`;
    case 'failed':
      return outcomeUnknown
        ? 'nobody knows whether it took effect. It is not repeated: look at what it was to change before you ask again.'
        : 'the call was made and failed. Call the tool again if you still need it, which asks for consent anew.';
    case 'rejected':
      return 'somebody has said no. Do not ask for the same again; tell your user, or find another way.';
    case 'expired':
      return 'nobody decided in time. Call the tool again if you still need it, which asks for consent anew.';
    case 'void':
      return 'it does not count any more. Call the tool again if you still need it, which asks for consent anew if it is needed.';
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
