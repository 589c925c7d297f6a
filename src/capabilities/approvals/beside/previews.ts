import type { ToolCaller } from '../../../kernel/call.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { newId } from '../../../kernel/ids.ts';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import type { Tool, ToolResult } from '../../../kernel/tool.ts';
import type { Db } from '../../../platform/db/index.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import { type Log, redactText } from '../../../platform/telemetry/index.ts';
import { nobody } from '../again.ts';
import { type ResolvedCall, sealContext } from '../binding.ts';
import { argumentsFor, cameOf, type DeclaredPreview, textOf } from './declared.ts';
import { keepPreview } from './store.ts';

/** What a call would change, as a tool told it; or why nobody can tell. */
export interface KeptPreview {
  /** Canonical id. */
  tool: string;
  /** The call that showed it. */
  callId?: string;
  text?: string;
  /** The text was longer. */
  cut?: true;
  /** Why there is none. */
  reason?: string;
}

/** How the preview of an approval stands. */
export type ShownPreview = { state: 'running' } | ({ state: 'shown' | 'none' } & Partial<KeptPreview>);

export interface PreviewsDeps {
  db: Db;
  keyring: Keyring;
  clock: Clock;
  log: Log;
  caller: ToolCaller;
  /** What is declared to show what a call would change, if anything is. */
  previewOf(call: ResolvedCall): DeclaredPreview | undefined;
  /** A tool by its id, where the call came in. */
  findTool(call: ResolvedCall, id: string): Tool | undefined;
}

export interface Previews {
  /** Until when one is waited for, in milliseconds since the epoch; undefined where none is declared. */
  due(call: ResolvedCall, now: number): number | undefined;
  /** Has what is declared for a call that is parked made once that has left. Whatever comes of it is kept with the approval. */
  plan(call: ResolvedCall, approval: string): void;
  /** A parked call holds nothing any more: of its limits, above all, which its preview is counted by, too. */
  begin(callId: string): void;
  /** Resolves when none is being made any more. */
  stop(): Promise<void>;
}

const longestText = 32 * 1024;
const atOnce = 20;
/** Ends what does not look at its deadline. */
const endedMs = 1_000;
/** To be recorded and kept, after its time is over. */
const graceMs = 5_000;

/**
 * Shows who decides what a call would change: by another call, that is made while the first one waits, in the name of who
 * asked and by their rights.
 */
export function createPreviews(deps: PreviewsDeps): Previews {
  const { db, keyring, clock, log, caller, previewOf } = deps;
  const running = new Set<Promise<void>>();
  const planned = new Map<string, () => Promise<void>>();

  async function make(call: ResolvedCall, declared: DeclaredPreview): Promise<KeptPreview> {
    const { tool, timeoutMs } = declared;
    const unfit = unfitness(declared, deps.findTool(call, tool));
    if (unfit !== undefined) return { tool, reason: unfit };
    if (running.size >= atOnce) return { tool, reason: 'this server makes too many of them at the moment' };
    const { id: parentCallId, principal, surface, endpoint, clientAddress } = call;
    const reply = await caller.call({
      id: newId('call'),
      principal,
      surface,
      operation: 'tool',
      target: tool,
      // What an endpoint sets itself it sets for the same tool again.
      arguments: withoutFixed(argumentsFor(declared, call.arguments), deps.findTool(call, tool)),
      link: nobody,
      signal: AbortSignal.timeout(timeoutMs + endedMs), // whoever looks at the deadline says why
      deadline: clock.now() + timeoutMs,
      parentCallId,
      beside: 'preview',
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(clientAddress === undefined ? {} : { clientAddress }),
    });
    const came = cameOf(reply);
    const { callId } = came;
    if ('failed' in came) return { tool, callId, reason: came.failed };
    if (came.unkept) return { tool, callId, reason: 'what it shows is encrypted where it is kept' };
    const text = redactText(wordsOf(came.result));
    const cut = text.length > longestText;
    return { tool, callId, text: text.slice(0, longestText).toWellFormed(), ...(cut ? { cut } : {}) };
  }

  async function makeAndKeep(call: ResolvedCall, declared: DeclaredPreview, approval: string): Promise<void> {
    const { org } = call.principal;
    try {
      const made = await make(call, declared);
      const sealed = keyring.encrypt(JSON.stringify(made), sealContext(org, approval, 'preview'));
      await keepPreview(db, org, approval, sealed);
    } catch (error) {
      log.warn({ err: error, approval }, 'a preview could not be kept'); // which is told once its time is over
    }
  }

  return {
    due(call, now) {
      const declared = previewOf(call);
      return declared && now + declared.timeoutMs + graceMs;
    },
    plan(call, approval) {
      const declared = previewOf(call);
      if (declared) planned.set(call.id, () => makeAndKeep(call, declared, approval));
    },
    begin(callId) {
      const make = planned.get(callId);
      planned.delete(callId);
      if (!make) return;
      const done: Promise<void> = make().finally(() => running.delete(done));
      running.add(done);
    },
    async stop() {
      await Promise.all(running);
    },
  };
}

/** How a preview stands. @param dueAt until when it is waited for; undefined where none was declared */
export function standingPreview(
  kept: KeptPreview | undefined,
  dueAt: number | undefined,
  now: number,
): ShownPreview | undefined {
  if (kept) return { state: kept.reason === undefined ? 'shown' : 'none', ...kept };
  if (dueAt === undefined) return undefined;
  return now <= dueAt ? { state: 'running' } : { state: 'none', reason: 'the server that was to make it ended' };
}

/** Why a tool cannot stand in as a preview; undefined when it can. */
function unfitness({ isDryRun, set = {} }: DeclaredPreview, tool: Tool | undefined): string | undefined {
  if (!tool) return 'the tool is not there where the call came in';
  if (tool.annotations.readOnly) return undefined;
  if (!isDryRun) return 'the tool is not known to be read-only';
  const { properties } = tool.definition.inputSchema;
  // One that does not know the argument that holds it back would do what has not been approved.
  const unknown = Object.keys(set).filter((name) => !isObject(properties) || !Object.hasOwn(properties, name));
  return unknown.length === 0 ? undefined : `the tool has no parameter ${unknown.join(', ')}`;
}

function withoutFixed(args: JsonObject, tool: Tool | undefined): JsonObject {
  const fixed = tool?.fixed ?? {};
  return Object.fromEntries(Object.entries(args).filter(([name]) => !Object.hasOwn(fixed, name)));
}

function wordsOf(result: ToolResult): string {
  const text = textOf(result);
  if (text !== '') return text;
  return result.structuredContent === undefined ? '(nothing)' : JSON.stringify(result.structuredContent, null, 2);
}
