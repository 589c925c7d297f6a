import { beginCall, sessionCaller } from '../begun.ts';
import type { Admitted, McpDeps } from '../deps.ts';
import { callOf } from '../rounds.ts';
import type { Session, Sessions } from '../sessions.ts';
import { withoutToken } from '../uses.ts';
import { isPlain, sessionText } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { createListings } from './listings.ts';
import type { ShortCall, ShortMessage } from './message.ts';

export interface SessionWayDeps {
  deps: Pick<McpDeps, 'gateway'>;
  sessions: Sessions;
}

/** By then a client is owed a stream: one that it may resume, and that shows it that somebody is there. */
const streamAfterMs = 1_000;
/** What the protocol itself says in `_meta`. */
const reserved = 'io.modelcontextprotocol/';

/**
 * The exchanges of a session: a call that comes to its end has its answer in one piece. Where anything else has to be
 * told, or is told by the client, the SDK takes the call over as it runs, and answers with a stream.
 */
export function createSessionWay({ deps: { gateway }, sessions }: SessionWayDeps) {
  const listed = createListings(gateway);

  const list =
    (session: Session, { id, body }: ShortMessage, admitted: Admitted): Exchange =>
    (_signal, whole) => {
      const leave = sessions.enter(session, admitted);
      const tell = () => sessions.serve(session, session.ids.takeOne(id), whole(), body, admitted);
      return listed(id, admitted, tell).finally(leave);
    };

  const call =
    (session: Session, message: ShortCall, admitted: Admitted): Exchange =>
    async (_signal, whole) => {
      const { principal, endpoint, clientAddress, requestId } = admitted;
      const { id, body, name, arguments: args, meta } = message;
      const asked = { principal, endpoint, operation: 'tool', target: name, arguments: args } as const;
      const taken = session.ids.takeOne(id);
      const leave = sessions.enter(session, admitted);
      const { promise: handedOver, resolve } = Promise.withResolvers<Response>();
      let isDecided = false;
      const handOver = () => {
        if (!isDecided) resolve(sessions.serve(session, { ...taken, begun }, whole(), body, admitted));
        isDecided = true;
        return handedOver;
      };
      const begun = beginCall({
        caller: sessionCaller(session.server, session.id, session.identity.logLevel),
        hears: meta.progressToken !== undefined,
        run: (link, signal) =>
          gateway.call(callOf({ ...asked, meta: withoutToken(meta), clientAddress, requestId }, link, signal)),
        handOver,
      });
      const over = session.begun.enter(handOver);
      const patience = setTimeout(handOver, streamAfterMs);
      try {
        const reply = await Promise.race([begun.reply, handedOver]);
        const isOver = !(reply instanceof Response) && reply.kind === 'end' && isPlain(reply.end);
        if (isDecided || !isOver) return await handOver();
        isDecided = true; // a word that comes late has nobody to go to any more
        taken.release();
        return sessionText(id, reply.end);
      } finally {
        clearTimeout(patience);
        over();
        leave();
      }
    };

  return (message: ShortMessage, id: string, admitted: Admitted): Exchange | undefined => {
    const session = sessions.find(id, admitted);
    if (!session?.server.getNegotiatedProtocolVersion() || session.ids.isInUse(message.id)) return undefined;
    const { progressToken } = message.meta;
    if (progressToken !== undefined && typeof progressToken !== 'string' && !Number.isSafeInteger(progressToken))
      return undefined;
    if (Object.keys(message.meta).some((key) => key.startsWith(reserved))) return undefined;
    return message.method === 'tools/list' ? list(session, message, admitted) : call(session, message, admitted);
  };
}
