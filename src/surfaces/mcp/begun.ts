import type { Server } from '@modelcontextprotocol/server';
import type { CallerLink, CallReply } from '../../kernel/call.ts';
import { follow } from '../../kernel/follow.ts';
import { asObject } from './results.ts';

/**
 * A call of a session that began before the SDK knew of it. While nothing but its end has to be told, the SDK need not
 * know; then it takes the call over.
 */
export interface CallBegun {
  reply: Promise<CallReply>;
  /** From here on its caller is reached by this link, what waited for it first, and cancels by this signal. */
  takeOver(link: CallerLink, signal: AbortSignal): Promise<CallReply>;
}

/** What is known of the caller in a session before it is reached. */
export type SessionCaller = Pick<CallerLink, 'capabilities' | 'sessionId'> & { era: 'sessions'; logLevel: string };

export function sessionCaller(server: Server, sessionId: string | undefined, logLevel = 'debug'): SessionCaller {
  return {
    era: 'sessions',
    capabilities: asObject(server.getClientCapabilities()),
    ...(sessionId === undefined ? {} : { sessionId }),
    logLevel,
  };
}

const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

export function isAtLeast(level: string, least: string): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}

interface Begin {
  caller: SessionCaller;
  /** Whether it asked for progress. */
  hears: boolean;
  run(link: CallerLink, signal: AbortSignal): Promise<CallReply>;
  /** Has the SDK take the call over; called each time that the caller has to be reached. */
  handOver(): void;
}

export function beginCall({ caller, hears, run, handOver }: Begin): CallBegun {
  const stop = new AbortController();
  const { promise: takenOver, resolve: take } = Promise.withResolvers<CallerLink>();
  const reach = (): Promise<CallerLink> => {
    queueMicrotask(handOver); // a call may speak before whoever began it has hold of it
    return takenOver;
  };
  const tell = (what: (link: CallerLink) => void) => void reach().then(what);

  const reply = run(
    {
      ...caller,
      ...(hears ? {} : { hears: false }),
      progress(update) {
        if (hears) tell((link) => link.progress(update));
      },
      log(level, data, logger) {
        if (isAtLeast(level, caller.logLevel)) tell((link) => link.log(level, data, logger));
      },
      ask: async (request, signal) => (await reach()).ask(request, signal),
    },
    stop.signal,
  );

  return {
    reply,
    takeOver(link, signal) {
      take(link);
      follow(signal, stop);
      return reply;
    },
  };
}
