import type { Call, CallEnd, Decision } from '../../kernel/call.ts';
import { canonicalJson } from '../../kernel/digest.ts';
import { type JsonObject, storable } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Binding, Finished } from './claims/store.ts';
import type { KeptApproval } from './row.ts';
import type { Asker, ParkedRequest } from './types.ts';

/** A call on its way, resolved. */
export type ResolvedCall = Call & { tool: Tool };

/** What a sealed text is bound to. */
export function sealContext(org: OrgId, id: string, what: 'request' | 'edited' | 'answer' | 'preview'): string {
  return `approval ${what}:${org}:${id}`;
}

/** What a call is bound to, beside its arguments. */
export function bindingOf({ principal, tool }: ResolvedCall, { policyVersion }: Decision) {
  return { principal: principal.id, tool: tool.id, toolDigest: tool.offered?.digest ?? tool.digest, policyVersion };
}

/** What the digest of arguments is over. */
export function argumentText(tool: string, args: JsonObject): string {
  return canonicalJson([tool, args]);
}

/** Errors by which a provider tells that it did nothing. */
const saysNo: ReadonlySet<string> = new Set(['UPSTREAM_REJECTED', 'UPSTREAM_INVALID_PARAMS', 'UPSTREAM_UNAUTHORIZED']);

/** How an end is kept. */
export function finishedBy(
  end: CallEnd,
  { ran, answer, endedAt }: { ran: boolean; answer: string | null; endedAt: number },
): Finished {
  const { outcome, error } = end;
  const isDone = outcome === 'ok' || outcome === 'tool_error';
  const ended = outcome === 'failed' || outcome === 'cancelled';
  // Unless the provider said no, nobody knows what it had done by then.
  const outcomeUnknown = ran && ended && !saysNo.has(error?.code ?? '');
  const lost = answer === null ? 'its result was too large to be kept' : null;
  const reason = error ? storable(error.message) : lost;
  return { state: isDone ? 'done' : 'failed', outcome, outcomeUnknown, reason, answer, endedAt };
}

/** Why the approval is not for this call; undefined when it is, and has been used. */
export function differenceOf(approval: KeptApproval, bound: Binding, now: number): string | undefined {
  if (approval.state !== 'approved') return undefined;
  if (approval.expiresAt <= now) return 'its time is over';
  if (approval.policyVersion !== bound.policyVersion) return 'the policies have changed since it was asked for';
  if (approval.toolDigest !== bound.toolDigest) return 'the tool has changed since it was asked for';
  if (digestToCall(approval) !== bound.argumentDigest) return 'it is for other arguments';
  if (approval.asker.id !== bound.principal) return 'it is for another caller';
  return approval.tool === bound.tool ? undefined : 'it is for another tool';
}

/** Of the arguments that the call is made with. */
export function digestToCall({ argumentDigest, editedDigest }: KeptApproval): string {
  return editedDigest ?? argumentDigest;
}

export function parkedOf({ surface, tool, endpoint, arguments: args, clientAddress }: ResolvedCall): ParkedRequest {
  const fixed = Object.keys(tool.fixed ?? {});
  return {
    surface,
    target: tool.id,
    arguments: Object.fromEntries(Object.entries(args).filter(([name]) => !fixed.includes(name))),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(clientAddress === undefined ? {} : { clientAddress }),
  };
}

export function askerOf({ id, kind, org, name, actsFor, roles, teams, scopes, credential }: Principal): Asker {
  return {
    id,
    kind,
    org,
    name,
    roles,
    scopes,
    credential,
    ...(actsFor === undefined ? {} : { actsFor }),
    ...(teams === undefined ? {} : { teams }),
  };
}
