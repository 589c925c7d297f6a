import { type JSONRPCMessage, parseJSONRPCMessage, type Transport } from '@modelcontextprotocol/client';
import { isObject, JsonFault, parseJson } from '../../kernel/json.ts';
import { readLines } from './lines.ts';
import { AnswerTooLarge, oversizeFault } from './oversize.ts';
import type { ChildProcess } from './types.ts';

/** MCP over a child's stdin and stdout: one JSON message a line. */
export interface StdioTransport extends Transport {
  // The SDK takes a transport with these two for a local pipe: there silence on its first probe means an older server.
  readonly pid: number | undefined;
  readonly stderr: null;
  /** How the process ended; undefined while it runs. */
  exit(): Exit | undefined;
  /** The answer that was too long and nobody's, for which the process had to go. */
  oversize(): AnswerTooLarge | undefined;
}

interface Options {
  launch(): Promise<ChildProcess>;
  maxMessageBytes: number;
  stderr(line: string): void;
  /** A line on stdout that is no message; the line itself may be anything. */
  garbage(line: string): void;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: string | null;
}

/** The process is gone; the message is fit for callers. */
export class ProcessEnded extends Error {
  override name = 'ProcessEnded';
  /** What it wrote to stderr that is most likely the reason; only for those who operate. */
  readonly lastWords: string | undefined;

  constructor(exit: Exit, cause: unknown, lastWords?: string) {
    super(exitReason(exit), { cause });
    this.lastWords = lastWords;
  }
}

const keptLines = 20;

/** Keeps the end of what a process says, and picks the line that tells most of why it went. */
export function lastWordsOf(): { hear(line: string): void; tell(): string | undefined } {
  const lines: string[] = [];
  return {
    hear(line) {
      const isTrace = /^\s*(at |Node\.js v|\^|$)/.test(line);
      if (isTrace) return;
      lines.push(line.trim());
      if (lines.length > keptLines) lines.shift();
    },
    tell: () =>
      lines.findLast((line) => /error|cannot|can't|unable|fail|denied|missing|not found/i.test(line)) ?? lines.at(-1),
  };
}

export function exitReason({ code, signal }: Exit): string {
  return signal ? `its process was ended by ${signal}` : `its process ended with code ${code}`;
}

/** JSON-RPC code of the error put in place of an answer that cannot be read. */
export const unreadableCode = -32_080;

const edgeLength = 512;

const exitGraceMs = 500;
const killGraceMs = 2_000;
const drainMs = 200; // a grandchild may hold stdout open long after the child is gone

export function createStdioTransport({ launch, maxMessageBytes, stderr, garbage }: Options): StdioTransport {
  let child: ChildProcess | undefined;
  let exit: Exit | undefined;
  let closing: Promise<void> | undefined;
  let gone = false;
  let draining: Promise<void> | undefined;
  let oversize: AnswerTooLarge | undefined;
  const inbox: JSONRPCMessage[] = [];
  /** Lines of this turn of the event loop: they go in one write, which costs us and whoever reads them as much as one line. */
  let outbox = '';
  /** Resolves when they are written, and a child that is slow to read has caught up. */
  let emptied: Promise<void> | undefined;

  const announceClose = () => {
    if (gone) return;
    gone = true;
    transport.onclose?.();
  };

  const receive = (text: string) => {
    if (gone || text.trim() === '') return;
    let message: JSONRPCMessage;
    try {
      const value = parseJson(text, { maxLength: maxMessageBytes });
      message = isPlainResult(value) ? value : parseJSONRPCMessage(value);
    } catch (error) {
      if (text.trimStart().startsWith('{') && error instanceof JsonFault) {
        const message = `the answer cannot be read: ${error.message}`;
        refuse(text.slice(0, edgeLength), text.slice(-edgeLength), { code: unreadableCode, message });
      } else garbage(text);
      return;
    }
    deliver(message);
  };

  // The SDK handles notifications a moment after it got them: progress would come too late when its answer followed
  // in the same breath.
  const deliver = (message: JSONRPCMessage) => {
    inbox.push(message);
    if (inbox.length === 1) void emptyInbox();
  };

  const emptyInbox = async (): Promise<void> => {
    for (let message = inbox[0]; message; message = inbox[0]) {
      try {
        transport.onmessage?.(message);
      } catch (error) {
        transport.onerror?.(error instanceof Error ? error : new Error(String(error)));
      }
      if ('method' in message) await Promise.resolve();
      inbox.shift();
    }
  };

  // One call's unreadable answer must not take down the calls beside it, so an error takes its place.
  const refuse = (head: string, tail: string, error: { code: number; message: string; data?: object }): boolean => {
    transport.onerror?.(new Error(error.message));
    if (head.includes('"method"')) return true; // a question or notification: nobody here waits for it
    const id =
      /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)\s*,/.exec(head)?.[1] ??
      /"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(tail)?.[1];
    if (id === undefined) return false;
    deliver({ jsonrpc: '2.0', id: Number(id), error });
    return true;
  };

  const oversized = (head: string, tail: string, bytes: number) => {
    const tooLarge = new AnswerTooLarge(maxMessageBytes, bytes);
    if (refuse(head, tail, oversizeFault(tooLarge))) return;
    // Whose answer it was cannot be told, so none of those who wait may go on waiting.
    oversize = tooLarge;
    void transport.close();
  };

  const emptyOutbox = () => {
    const lines = outbox;
    outbox = '';
    emptied = undefined;
    if (!child || lines === '' || child.stdin.write(lines)) return draining;
    draining ??= drained(child.stdin).finally(() => {
      draining = undefined;
    });
    return draining;
  };

  const shutDown = async (): Promise<void> => {
    const running = child;
    if (running) {
      void emptyOutbox();
      running.stdin.end();
      await Promise.race([running.exited, pause(exitGraceMs)]);
      await running.kill(killGraceMs); // also reaches what the child left behind
    }
    announceClose();
  };

  const transport: StdioTransport = {
    get pid() {
      return child?.pid;
    },
    stderr: null,
    exit: () => exit,
    oversize: () => oversize,

    async start() {
      if (child) throw new Error('this transport was started already');
      const started = await launch();
      child = started;
      if (closing) {
        await started.kill(killGraceMs);
        throw new Error('closed while starting');
      }
      started.stdin.on('error', () => undefined); // a write to a dead child; its exit says the same
      readLines(started.stdout, maxMessageBytes, { line: receive, oversized });
      readLines(started.stderr, 4_096, { line: stderr });
      const readOut = new Promise<void>((resolve) => started.stdout.once('close', resolve).once('end', resolve));
      void started.exited.then(async (how) => {
        exit = how;
        await Promise.race([readOut, pause(drainMs)]);
        announceClose();
      });
    },

    async send(message) {
      if (!child || gone || closing || exit) throw new Error('Not connected');
      outbox += `${JSON.stringify(message)}\n`;
      emptied ??= new Promise((resolve) => setImmediate(() => resolve(emptyOutbox())));
      await emptied;
    },

    close() {
      closing ??= shutDown();
      return closing;
    },
  };
  return transport;
}

/** What most lines are: told without the SDK's schemas. */
function isPlainResult(value: unknown): value is JSONRPCMessage {
  if (!isObject(value) || value.jsonrpc !== '2.0' || !Number.isSafeInteger(value.id)) return false;
  return isObject(value.result) && value.result._meta === undefined && Object.keys(value).length === 3;
}

// Resolves when a child that was slow to read has caught up, or can no longer read at all.
function drained(stdin: ChildProcess['stdin']): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'error'];
    const done = () => {
      for (const event of events) stdin.off(event, done);
      resolve();
    };
    for (const event of events) stdin.on(event, done);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
