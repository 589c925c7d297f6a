import type { CallReply } from '../../../kernel/call.ts';
import { type Json, JsonFault, type JsonObject, parseJson } from '../../../kernel/json.ts';
import { valueAt } from '../../../kernel/pointer.ts';
import type { ToolResult } from '../../../kernel/tool.ts';

/** Where an argument of a call beside another one comes from: a JSON pointer into the arguments of that, or the file. */
export type Filled = { from: string } | { value: Json };

/** A call that is made beside one that needs consent, as the file declares it. */
export interface DeclaredCall {
  /** Canonical id. */
  tool: string;
  /** Absent: those of the call that needs consent, as they are. */
  arguments?: Readonly<Record<string, Filled>>;
  /** On top of them. */
  set?: JsonObject;
  timeoutMs: number;
}

/** Shows what a call would change. */
export interface DeclaredPreview extends DeclaredCall {
  /** It is the tool itself, told by `set` not to do it. */
  isDryRun: boolean;
}

/** Saves what a call is going to change. */
export interface DeclaredBackup extends DeclaredCall {
  /** A JSON pointer into its result: the backup's id. */
  id: string;
  /** In whose name, and by whose rights: of who asked for the call, or of this server. */
  as: 'caller' | 'house';
  /** Whether the call is not made without it. */
  required: boolean;
}

/** The arguments of a declared call, from those of the call that it is made beside. What is not there is left out. */
export function argumentsFor({ arguments: filled, set }: DeclaredCall, given: JsonObject): JsonObject {
  const own = filled
    ? Object.entries(filled).flatMap(([name, of]) => {
        const value = 'value' in of ? of.value : valueAt(given, of.from);
        return value === undefined ? [] : [[name, value] as const];
      })
    : Object.entries(given);
  return structuredClone({ ...Object.fromEntries(own), ...set });
}

/** What a declared call came to: its result, or why there is none, in words that follow a colon. */
export type Came = { callId: string; result: ToolResult; unkept?: true } | { callId: string; failed: string };

export function cameOf(reply: CallReply): Came {
  if (reply.kind === 'input_required') return { callId: reply.callId, failed: 'it asked its caller something' };
  const { callId, outcome, error, result, unkept } = reply.end;
  if (error) return { callId, failed: error.message };
  if (outcome !== 'ok' || !result)
    return { callId, failed: (result && textOf(result as ToolResult).slice(0, 500)) || `it ended as ${outcome}` };
  return { callId, result: result as ToolResult, ...(unkept ? { unkept } : {}) };
}

/** What a result says in words. */
export function textOf({ content }: ToolResult): string {
  return content.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : [])).join('\n');
}

/** The structured content of a result, or its text where that is JSON: many tools have only that. */
export function structuredOf(result: ToolResult): Json | undefined {
  if (result.structuredContent !== undefined) return result.structuredContent;
  try {
    return parseJson(textOf(result)) as Json;
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}
