import { ShuttingDown } from '../../../kernel/errors.ts';
import type { Processes } from '../../../platform/process/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import type { ReadDocument } from '../types.ts';
import { type ReadingChild, startChild } from './child.ts';
import type { DocumentInput } from './document.ts';
import { ReadFault, unreadable } from './faults.ts';
import { createPool } from './pool.ts';
import type { Answer } from './protocol.ts';

export interface ReadLimits {
  maxBytes: number;
  /** For one document, with a second try without its structure. */
  timeMs: number;
  /** Of a child in all, itself included (about 60). */
  memoryMiB: number;
}

export const usualReadLimits: ReadLimits = { maxBytes: 50 * 1024 * 1024, timeMs: 60_000, memoryMiB: 1024 };

interface Deps {
  /** How many documents are read at once, each in a process of its own. */
  workers: number;
  limits?: Partial<ReadLimits>;
  processes: Pick<Processes, 'spawn'>;
  log: Log;
  /** After which a process without work ends. */
  idleMs?: number;
}

export type ReadInput = Omit<DocumentInput, 'plain'>;

export interface Reader {
  /** Throws `DocumentUnreadable`, and what the signal is aborted with. */
  read(input: ReadInput, signal?: AbortSignal): Promise<ReadDocument>;
  stop(): Promise<void>;
}

type Outcome = Answer | 'out of memory' | 'too slow';

/** Of a child's memory; one that holds more after a document is not given another. */
const restingShare = 0.5;

/** Reads and chunks documents in processes of their own: what a document does to its parser, it does to itself only. */
export function createReader({ workers, limits, processes, log, idleMs = 30_000 }: Deps): Reader {
  const { maxBytes, timeMs, memoryMiB } = { ...usualReadLimits, ...limits };
  const pool = createPool({ size: workers, idleMs, start: () => startChild(processes, memoryMiB) });
  const restingBytes = memoryMiB * 1024 * 1024 * restingShare;
  const closing = new AbortController();
  let stopping: Promise<void> | undefined;

  const within = async (
    child: ReadingChild,
    input: DocumentInput,
    ms: number,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const { bytes, ...request } = input;
    const asked = child.ask(request, bytes);
    const ended = await raced(asked, ms, signal);
    if (ended !== 'too slow' && ended !== 'aborted') return ended;
    await child.kill();
    if (ended === 'aborted') throw signal.reason;
    return ended;
  };

  const outcomeOf = async (input: ReadInput, signal: AbortSignal): Promise<Outcome> => {
    let leftMs = timeMs;
    const attempt = (given: DocumentInput, ms: number, fresh: boolean) =>
      pool.use(
        async (child) => {
          const earlier = child.documents > 0;
          const startedAt = performance.now();
          const outcome = await within(child, given, Math.max(1, Math.min(ms, leftMs)), signal);
          leftMs -= performance.now() - startedAt;
          if (typeof outcome === 'object' && (isBroken(outcome) || outcome.rss > restingBytes)) void child.end();
          return { outcome, earlier };
        },
        signal,
        fresh,
      );

    // Half of the time is for another try of what has structure that may be done without.
    const plain = mayBePlain(input);
    const firstMs = plain ? timeMs / 2 : timeMs;
    let { outcome, earlier } = await attempt(input, firstMs, false);
    // What earlier documents left behind must not decide about this one.
    if (earlier && outcome !== 'too slow' && failed(outcome)) ({ outcome } = await attempt(input, firstMs, true));
    if (!plain || !failed(outcome)) return outcome;
    const why = typeof outcome === 'string' ? outcome : outcome.broken;
    log.debug({ name: input.name, why }, 'reading a document as plain text');
    return (await attempt({ ...input, plain: true }, timeMs, true)).outcome;
  };

  const faultOf = (name: string, outcome: Outcome): ReadFault => {
    if (outcome === 'too slow') return new ReadFault('too slow', `reading it takes longer than ${timeMs} ms`);
    if (outcome === 'out of memory') return new ReadFault(outcome, `reading it takes more than ${memoryMiB} MiB`);
    if (outcome.fault) return new ReadFault(outcome.fault.reason, outcome.fault.detail);
    log.warn({ name, broken: outcome.broken }, 'a parser failed in a way that was not foreseen');
    return new ReadFault('damaged', 'its parser gave up on it');
  };

  return {
    async read(input, signal) {
      if (stopping) throw ShuttingDown();
      const { bytes, name } = input;
      if (bytes.length > maxBytes)
        throw unreadable(name, new ReadFault('too large', `it has ${bytes.length} bytes, and ${maxBytes} are allowed`));
      const outcome = await outcomeOf(input, signal ? AbortSignal.any([signal, closing.signal]) : closing.signal);
      if (typeof outcome === 'object' && outcome.read) return outcome.read;
      throw unreadable(name, faultOf(name, outcome));
    },
    stop() {
      stopping ??= (async () => {
        closing.abort(ShuttingDown());
        await pool.stop();
      })();
      return stopping;
    },
  };
}

/** No answer, or not one that a reader meant to give. */
function failed(outcome: Outcome): boolean {
  return typeof outcome === 'string' || isBroken(outcome);
}

function isBroken(outcome: Outcome): boolean {
  return typeof outcome === 'object' && outcome.broken !== undefined;
}

/** By its first bytes alone: a PDF or DOCX has no lines to fall back on, nor has a page. */
function mayBePlain({ bytes, name }: ReadInput): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).toString('latin1');
  return !/^(PK|%PDF-|\s*<)/.test(start) && !/\.(pdf|docx|html?|xhtml)$/i.test(name) && !start.includes('%PDF-');
}

/** The child's answer, unless time or wish to wait end first. */
function raced(asked: Promise<Outcome>, ms: number, signal: AbortSignal): Promise<Outcome | 'aborted'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve('too slow'), ms);
    const onAbort = () => resolve('aborted');
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    asked.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}
