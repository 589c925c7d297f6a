import type { CachingSettings } from '../../config/schema.ts';
import type { Call, ProviderReply } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import { digestOf } from '../../kernel/digest.ts';
import { isOfPattern } from '../../kernel/events.ts';
import { isObject, type Json } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Bus } from '../../platform/bus/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { createEntries, type Kept } from './entries.ts';

export type ToolCall = Call & { tool: Tool };
type Result = Extract<ProviderReply, { kind: 'result' }>;

/** What becomes of a call that may be answered from what is kept. */
export type Begun =
  | { kind: 'hit'; reply: Result; ageMs: number; leftMs: number }
  /** It is made; whoever makes it says how it went, once. */
  | { kind: 'run'; end(how: { ran: boolean; reply?: Result }): void };

export interface CacheInstruments {
  hit(tool: Tool): void;
  miss(tool: Tool): void;
}

/** Results of read-only tools, told again for a time. Each server has its own; invalidations go to all of them. */
export interface Caching {
  /** Undefined for a call that is neither cached nor invalidates anything. Waits while the same call is under way. */
  begin(call: ToolCall): Begun | undefined | Promise<Begun | undefined>;
  /** Of an organisation those with one of the tags; all of them without any. Returns how many this server had. */
  invalidate(org: OrgId, tags?: readonly string[]): number;
  /** An event that every server hears of, each by itself: its own results that are untrue now are told no more. */
  happened(org: OrgId, type: string): void;
  stateOf(org: OrgId): { entries: number; bytes: number };
  size(): { entries: number; bytes: number };
  redeclare(settings: CachingSettings): void;
  start(): void;
  stop(): void;
}

interface Deps {
  bus: Bus;
  clock: Clock;
  log: Log;
  settings: CachingSettings;
  /** Whether what the tool answers depends on the session of its caller. */
  isBoundToSession(tool: Tool): boolean;
  instruments: CacheInstruments;
}

const topic = 'cache.invalidated';

export function createCaching({ bus, clock, log, isBoundToSession, instruments, ...initially }: Deps): Caching {
  let { settings } = initially;
  const entries = createEntries<Result>({ clock, maxBytes: () => settings.maxMiB * 1024 * 1024 });
  /** Calls under way, by key: resolves with what they came to, or with nothing that others may have. */
  const underWay = new Map<string, Promise<Kept<Result> | undefined>>();
  let unsubscribe: (() => void) | undefined;

  const invalidate: Caching['invalidate'] = (org, tags) => {
    const dropped = entries.invalidate(org, tags);
    void bus.publish(topic, { org, ...(tags ? { tags: [...tags] } : {}) }).catch((error: unknown) => {
      log.warn({ err: error }, 'an invalidation could not be told; the other servers go by the time of each result');
    });
    return dropped;
  };
  const hear = (message: Json) => {
    if (!isObject(message) || typeof message.org !== 'string') return;
    const { org, tags } = message;
    entries.invalidate(org, Array.isArray(tags) ? tags.map(String) : undefined);
  };

  const ruleFor = ({ tool, operation, continuation }: ToolCall) =>
    operation === 'tool' && tool.annotations.readOnly && !continuation && !isBoundToSession(tool)
      ? settings.results.find((rule) => concerns(rule, tool))
      : undefined;

  return {
    begin(call) {
      const { tool } = call;
      const { org } = call.principal;
      const rule = ruleFor(call);
      if (!rule) {
        const tags = settings.invalidations.filter((one) => concerns(one, tool)).flatMap((one) => one.tags);
        if (tags.length === 0) return undefined;
        return { kind: 'run', end: ({ ran }) => void (ran && invalidate(org, tags)) };
      }
      const key = keyOf(call, rule.shared);
      const tags = rule.tags ?? [];
      const told = (kept: Kept<Result>): Begun => {
        instruments.hit(tool);
        return { kind: 'hit', reply: kept.value, ageMs: kept.ageMs, leftMs: kept.leftMs };
      };
      const kept = entries.find(key);
      if (kept) return told(kept);
      const other = underWay.get(key);
      if (other) {
        return whileWaited(other, call).then((its): Begun => {
          if (its) return told(its);
          instruments.miss(tool);
          return { kind: 'run', end: () => undefined }; // it came to nothing: each goes by itself
        });
      }
      instruments.miss(tool);
      const mark = entries.markOf(org, tags);
      const { promise, resolve } = Promise.withResolvers<Kept<Result> | undefined>();
      underWay.set(key, promise);
      return {
        kind: 'run',
        end({ reply }) {
          if (underWay.get(key) === promise) underWay.delete(key);
          // What was invalidated while it was made is told to nobody else: it may be from before.
          if (!reply || !entries.holds(org, tags, mark)) return resolve(undefined);
          const ttlMs = rule.ttlSeconds * 1_000;
          entries.put(key, org, reply, { tags, bytes: Buffer.byteLength(JSON.stringify(reply.result)), ttlMs });
          resolve({ value: reply, ageMs: 0, leftMs: ttlMs });
        },
      };
    },
    invalidate,
    happened(org, type) {
      const tags = settings.invalidations.flatMap((one) =>
        isIn(one, org) && one.events?.some((pattern) => isOfPattern(pattern, type)) ? one.tags : [],
      );
      if (tags.length > 0) entries.invalidate(org, tags);
    },
    stateOf: entries.sizeOf,
    size: entries.size,
    redeclare(next) {
      settings = next;
      entries.clear(); // what was kept was kept by other rules
    },
    start() {
      unsubscribe ??= bus.subscribe(topic, hear);
    },
    stop() {
      unsubscribe?.();
      unsubscribe = undefined;
    },
  };
}

interface Rule {
  tools?: readonly string[] | undefined;
  org?: OrgId | undefined;
}

function concerns(rule: Rule, { id, org }: Tool): boolean {
  if (!isIn(rule, org) || !rule.tools) return false;
  return rule.tools.some((pattern) => (pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern));
}

function isIn(rule: Rule, org: OrgId): boolean {
  return rule.org === undefined || rule.org === org;
}

/** Whose result of which call of which tool as it is now. */
function keyOf({ principal, tool, arguments: args }: ToolCall, isShared: boolean): string {
  const whose = isShared ? [] : [principal.id, principal.actsFor ?? ''];
  return digestOf([principal.org, tool.id, tool.digest, tool.offered?.digest ?? '', whose, args]);
}

/** Whoever waits goes on at its own end: a cancellation, a deadline. */
async function whileWaited<T>(other: Promise<T>, { signal, deadline }: ToolCall): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const leave = () => resolve(undefined);
  const timer = deadline === undefined ? undefined : setTimeout(leave, Math.max(0, deadline - Date.now()));
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    return await Promise.race([other, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}
