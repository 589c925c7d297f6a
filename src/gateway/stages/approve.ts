import type { Call, CallEnd, Decision, MadeBackup } from '../../kernel/call.ts';
import { approvalToolIds } from '../../kernel/names.ts';
import type { Tool, ToolResult } from '../../kernel/tool.ts';
import { ConsentNeeded } from '../errors.ts';
import type { CallState, ConsentDemand, Stage } from './stage.ts';

/** Who keeps calls that wait for consent. */
export interface ConsentPort {
  /** Parks the call, durably, and resolves to what its caller is told. */
  ask(call: Call & { tool: Tool }, decision: Decision): Promise<ToolResult>;
  /** Changed arguments of a parked call have come so far. Resolves to what stands for their result. */
  weigh(call: Call & { tool: Tool }, decision: Decision, approval: string): Promise<ToolResult>;
  /** A call that was parked has left the pipeline. */
  parked(call: Call): void;
  /** Uses up the approval that the call carries; committed when it resolves. Throws where it is not for this call, or used. */
  claim(call: Call & { tool: Tool }, decision: Decision, approval: string): Promise<void>;
  /** Has saved what the call is going to change, where that is declared; done, durably, when it resolves. Throws where it failed. */
  backUp(call: Call & { tool: Tool }, approval: string): Promise<MadeBackup | undefined>;
  /** The call that holds the claim is over. Never rejects. */
  leave(call: Call, approval: string, how: { ran: boolean; end: CallEnd | undefined }): Promise<void>;
}

export interface ApproveDeps {
  consent: ConsentPort;
}

/** A call that policy, or whatever else looked at it, allows only with consent is parked here, and comes back with an approval that is used up here. */
export function approve({ consent }: ApproveDeps): Stage {
  const park = async (state: CallState, call: Call & { tool: Tool }, decision: Decision) => {
    const reason = whyNot(call);
    const rule = decision.rules.join(', ');
    if (reason !== undefined) throw ConsentNeeded({ tool: call.tool.id, rule, reason }, { rule });
    state.end = { callId: call.id, outcome: 'pending_approval', result: await consent.ask(call, decision) };
    state.onLeave.unshift(async () => consent.parked(call)); // the last to be done
  };
  const claim = async (state: CallState, call: Call & { tool: Tool }, decision: Decision, approval: string) => {
    await consent.claim(call, decision, approval);
    state.onLeave.push(() => {
      const asks = state.reply?.kind === 'input_required';
      const ran = (state.dispatched === true && !call.unsent) || state.cached === true;
      return consent.leave(call, approval, { ran, end: asks ? undefined : state.end });
    });
  };
  const weigh = async (state: CallState, call: Call & { tool: Tool }, decision: Decision, approval: string) => {
    state.end = {
      callId: call.id,
      outcome: 'pending_approval',
      result: await consent.weigh(call, decision, approval),
    };
  };
  return {
    name: 'approve',
    run(state) {
      const { call } = state;
      if (!call.tool || !call.decision) return;
      const resolved = call as Call & { tool: Tool };
      const decision = withDemands(call.decision, state.demands);
      if (call.grant?.weigh) return weigh(state, resolved, decision, call.grant.approval);
      if (call.grant) return claim(state, resolved, decision, call.grant.approval);
      // How an approval stands is asked without one.
      if (decision.unattended || approvalToolIds.has(call.tool.id)) return;
      return park(state, resolved, decision);
    },
  };
}

/** What policy and everything else asks for together: of two kinds the stricter one. */
function withDemands(decision: Decision, demands: readonly ConsentDemand[] = []): Decision {
  if (demands.length === 0) return decision;
  const { consent, unattended, rules, ...rest } = decision;
  const kinds = [...(unattended ? [] : [consent ?? 'approve']), ...demands.map(({ kind }) => kind)];
  const reasons = demands.flatMap(({ reason }) => reason ?? []);
  return {
    ...rest,
    unattended: false,
    rules: [...(unattended ? [] : rules), ...demands.map(({ rule }) => rule)],
    ...(kinds.includes('approve') ? {} : { consent: 'confirm' }),
    ...(reasons.length === 0 ? {} : { reasons }),
  };
}

/** Why nobody can be asked for this call, in words; undefined when somebody can. */
function whyNot({ operation, continuation, principal, beside }: Call): string | undefined {
  if (beside) return `it is made as the ${beside} of another call, which waits for no one`;
  if (operation !== 'tool') return 'only calls of tools can wait for it';
  if (continuation) return 'the answers to a question of the tool cannot wait for it';
  if (principal.kind === 'anonymous') return 'who calls without a credential could not come back for the result';
  return undefined;
}
