import type { Call, Outcome, ProviderReply } from '../../kernel/call.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { ToolDefinition, ToolResult } from '../../kernel/tool.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Approvals } from './approvals.ts';
import type { KeptApproval } from './row.ts';
import { listDecisions } from './store.ts';
import { isOver } from './types.ts';
import { approvalKey, editWords, standingOf } from './words.ts';

const longestWaitSeconds = 50; // a client's own patience is a minute, as a rule
const approvalId = {
  type: 'string',
  minLength: 1,
  maxLength: 100,
  description: 'Id of the approval, as the call that waits for it was answered.',
  examples: ['apr_06exw4v5d0tq8m2k9r7h3n1c5b'],
};
const reads = { readOnlyHint: true, openWorldHint: false };

/** The tool by which an agent learns how its request for consent stands. */
export const approvalStatus: ToolDefinition = {
  name: 'approval_status',
  title: 'See how an approval stands',
  description:
    'Tells whether a call of yours that was answered with `pending_approval` has been approved, rejected or made, and what to do next. Use it to look without waiting; use approval_result for the result. Only for approvals that you asked for yourself.',
  inputSchema: {
    type: 'object',
    properties: { approval_id: approvalId },
    required: ['approval_id'],
    additionalProperties: false,
  },
  annotations: reads,
};

/** The tool by which an agent gets what its approved call came to. */
export const approvalResult: ToolDefinition = {
  name: 'approval_result',
  title: 'Get the result of an approved call',
  description:
    'Gives the result of a call of yours that was answered with `pending_approval`, exactly as the tool gave it, once somebody has approved and the call was made; until then how it stands. With wait_seconds it waits so long for the end. Use it instead of calling the tool again. Only for approvals that you asked for yourself.',
  inputSchema: {
    type: 'object',
    properties: {
      approval_id: approvalId,
      wait_seconds: {
        type: 'integer',
        minimum: 0,
        maximum: longestWaitSeconds,
        default: 0,
        description: 'How long to wait for the end, if it is not there yet.',
      },
    },
    required: ['approval_id'],
    additionalProperties: false,
  },
  annotations: reads,
};

export interface ApprovalTools {
  status(call: Call): Promise<ProviderReply>;
  result(call: Call, signal: AbortSignal): Promise<ProviderReply>;
  /** What a call that was approved came to, or how it stands where it came to nothing. */
  tell(one: KeptApproval): Promise<Told>;
}

/** An approval as the end of a call. */
export interface Told {
  outcome: Outcome;
  result: ToolResult;
  unkept?: true;
}

export function createApprovalTools({ db, approvals }: { db: Db; approvals: Approvals }): ApprovalTools {
  const standing = async (one: KeptApproval): Promise<{ result: ToolResult; about: JsonObject }> => {
    const decisions = await listDecisions(db, one.org, one.id);
    const about = standingOf(one, decisions, approvals.linkTo(one.id), approvals.sealed.edit(one));
    const text = `Approval ${one.id} for ${one.tool} is ${one.state}${one.reason ? ` (${one.reason})` : ''}: ${about.next}`;
    return { result: { content: [{ type: 'text', text }], structuredContent: about }, about };
  };

  const tell = async (one: KeptApproval): Promise<Told & { about: JsonObject; isOwn: boolean }> => {
    const { result, about } = await standing(one);
    const end = one.state === 'done' ? approvals.sealed.answer(one) : undefined;
    if (!end?.result) {
      const isError = isOver(one.state) && one.state !== 'done';
      return { outcome: outcomeOf(one), result: { ...result, ...(isError ? { isError } : {}) }, about, isOwn: true };
    }
    const edit = approvals.sealed.edit(one);
    const given = end.result as ToolResult;
    return {
      outcome: end.outcome,
      result: edit ? withNote(given, editWords(edit)) : given,
      ...(end.unkept ? { unkept: end.unkept } : {}),
      about,
      isOwn: false,
    };
  };

  return {
    async status({ principal, arguments: args }) {
      // Asking went well, whatever the answer.
      const { result, about } = await standing(await approvals.own(principal, idIn(args)));
      return { kind: 'result', result: { ...result }, meta: { [approvalKey]: about } };
    },
    async result({ principal, arguments: args }, signal) {
      const id = idIn(args);
      const until = Date.now() + Number(args.wait_seconds ?? 0) * 1_000;
      let one = await approvals.own(principal, id);
      while (!isOver(one.state) && Date.now() < until && !signal.aborted) {
        await approvals.news(one.org, id, signal);
        one = await approvals.own(principal, id);
      }
      const { result, unkept, about } = await tell(one);
      return { kind: 'result', result: { ...result }, ...(unkept ? { unkept } : {}), meta: { [approvalKey]: about } };
    },
    async tell(one) {
      const { about, isOwn, result, outcome, unkept } = await tell(one);
      const meta = { ...result._meta, [approvalKey]: about };
      // Words of ours are no result of the tool: its clients would hold them against its output schema.
      const shown = { ...result, ...(isOwn ? { isError: true } : {}), _meta: meta };
      return { outcome, result: shown, ...(unkept ? { unkept } : {}) };
    },
  };
}

/** What a call counts as that has no end of its own to tell. */
function outcomeOf({ state, outcome }: KeptApproval): Outcome {
  if (!isOver(state)) return 'pending_approval';
  return outcome ?? 'denied'; // nobody let it through
}

/** What nobody may overlook stands behind what the tool said. */
function withNote(result: ToolResult, text: string): ToolResult {
  return { ...result, content: [...result.content, { type: 'text', text }] };
}

function idIn({ approval_id: id }: JsonObject): string {
  return String(id);
}
