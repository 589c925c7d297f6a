import type { Call, ProviderReply } from '../../kernel/call.ts';
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
}

export function createApprovalTools({ db, approvals }: { db: Db; approvals: Approvals }): ApprovalTools {
  const standing = async (one: KeptApproval): Promise<ProviderReply> => {
    const about = standingOf(
      one,
      await listDecisions(db, one.org, one.id),
      approvals.linkTo(one.id),
      approvals.editOf(one),
    );
    const text = `Approval ${one.id} for ${one.tool} is ${one.state}${one.reason ? ` (${one.reason})` : ''}: ${about.next}`;
    const isError = isOver(one.state) && one.state !== 'done';
    return {
      kind: 'result',
      result: { content: [{ type: 'text', text }], structuredContent: about, ...(isError ? { isError } : {}) },
      meta: { [approvalKey]: about },
    };
  };
  return {
    async status({ principal, arguments: args }) {
      const told = await standing(await approvals.own(principal, idIn(args)));
      // Asking went well, whatever the answer.
      if (told.kind === 'result') delete told.result.isError;
      return told;
    },
    async result({ principal, arguments: args }, signal) {
      const id = idIn(args);
      const until = Date.now() + Number(args.wait_seconds ?? 0) * 1_000;
      let one = await approvals.own(principal, id);
      while (!isOver(one.state) && Date.now() < until && !signal.aborted) {
        await approvals.news(one.org, id, signal);
        one = await approvals.own(principal, id);
      }
      const end = one.state === 'done' ? approvals.answerOf(one) : undefined;
      const told = await standing(one);
      if (!end?.result) return told;
      const edit = approvals.editOf(one);
      return {
        kind: 'result',
        result: (edit ? withNote(end.result as ToolResult, editWords(edit)) : end.result) as JsonObject,
        ...(end.unkept ? { unkept: end.unkept } : {}),
        ...(told.kind === 'result' && told.meta ? { meta: told.meta } : {}),
      };
    },
  };
}

/** What nobody may overlook stands behind what the tool said. */
function withNote(result: ToolResult, text: string): ToolResult {
  return { ...result, content: [...result.content, { type: 'text', text }] };
}

function idIn({ approval_id: id }: JsonObject): string {
  return String(id);
}
