import type { Decision, ToolCaller } from '../../kernel/call.ts';
import { newId } from '../../kernel/ids.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { ToolResult } from '../../kernel/tool.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import { callAgain } from './again.ts';
import { argumentText, bindingOf, digestToCall, parkedOf, type ResolvedCall, sealContext } from './binding.ts';
import { ApprovalVoid, EditRefused } from './errors.ts';
import type { KeptApproval } from './row.ts';
import type { Asker, ConsentKind, ParkedRequest, Terms } from './types.ts';

/** Changed arguments as the pipeline let them through. */
export interface Edited {
  digest: string;
  /** Sealed. */
  request: string;
  /** Whose consent these arguments need; undefined where they would need none. */
  needs?: { kind: ConsentKind } & Pick<Terms, 'needed' | 'approvers'>;
}

export interface EditsDeps {
  keyring: Keyring;
  caller: ToolCaller;
  /** Who asked, as it is now; undefined when it may not call any more. */
  principalNow(asker: Asker): Promise<Principal | undefined>;
  termsOf(call: ResolvedCall, decision: Decision): Terms;
  requestOf(approval: KeptApproval): ParkedRequest;
}

export interface Edits {
  /**
   * Has changed arguments go the way of a call of who asked, up to where it would be parked: they fit the schema, policy lets
   * them through, limits and guardrails have seen them. Undefined where they are what stands already.
   * @throws EditRefused, ApprovalVoid
   */
  weigh(approval: KeptApproval, args: JsonObject): Promise<Edited | undefined>;
  /** That a call has come so far. Resolves to what stands for its result in the audit. */
  note(call: ResolvedCall, decision: Decision, id: string): Promise<ToolResult>;
}

type Noted = Edited & Pick<ReturnType<typeof bindingOf>, 'toolDigest' | 'policyVersion'>;

export function createEdits({ keyring, caller, principalNow, termsOf, requestOf }: EditsDeps): Edits {
  /** By the call that weighs, which is made and waited for here. */
  const noted = new Map<string, Noted | undefined>();

  return {
    async weigh(approval, args) {
      const { id, tool, asker } = approval;
      if (keyring.hashes('approvals', argumentText(tool, args)).includes(digestToCall(approval))) return undefined;
      const principal = await principalNow(asker);
      if (!principal) throw ApprovalVoid({ id, reason: 'who asked for it may not call tools any more' });
      const callId = newId('call');
      noted.set(callId, undefined);
      try {
        const parked = { ...requestOf(approval), arguments: args };
        const grant = { approval: id, weigh: true } as const;
        const reply = await caller.call(callAgain(approval, parked, principal, { id: callId, grant }));
        const found = noted.get(callId);
        const error = reply.kind === 'end' ? reply.end.error : undefined;
        if (!found || error) throw EditRefused({ reason: error ? error.message : 'it did not come so far' });
        const { toolDigest, policyVersion, ...edited } = found;
        if (policyVersion !== approval.policyVersion || toolDigest !== approval.toolDigest)
          throw ApprovalVoid({ id, reason: 'the policies or the tool have changed since it was asked for' });
        return edited;
      } finally {
        noted.delete(callId);
      }
    },
    async note(call, decision, id) {
      const { org } = call.principal;
      const { toolDigest, policyVersion } = bindingOf(call, decision);
      if (noted.has(call.id)) {
        const { needed, approvers } = termsOf(call, decision);
        noted.set(call.id, {
          toolDigest,
          policyVersion,
          digest: keyring.hash('approvals', argumentText(call.tool.id, call.arguments)),
          request: keyring.encrypt(JSON.stringify(parkedOf(call)), sealContext(org, id, 'edited')),
          ...(decision.unattended
            ? {}
            : { needs: { kind: decision.consent ?? 'approve', needed, ...(approvers ? { approvers } : {}) } }),
        });
      }
      const text = `These arguments would be let through, in place of those of the approval ${id}.`;
      return { content: [{ type: 'text', text }] };
    },
  };
}

/** Whose consent changed arguments need that of who decides cannot stand for, in words; undefined where it can. */
export function needsOthers(
  { kind, needed, approvers }: KeptApproval,
  { needs }: Edited,
  isOwn: boolean,
  mayDecide: (approvers?: readonly string[]) => boolean,
): string | undefined {
  if (!needs) return undefined;
  if (needs.kind === 'approve' && kind === 'confirm' && isOwn) return 'somebody else than who asked';
  if (needs.needed > needed) return `${needs.needed} people`;
  if (JSON.stringify(needs.approvers) === JSON.stringify(approvers)) return undefined;
  const who = needs.approvers?.join(', ') ?? 'all who may decide';
  // Of several people each would have to be one of them, and they were not told so.
  return needed === 1 && !isOwn && mayDecide(needs.approvers) ? undefined : who;
}
