import type { Admitted, McpDeps } from '../deps.ts';
import { headerFaultOf } from '../modern.ts';
import type { RoundOver, Rounds } from '../rounds.ts';
import { serverInfoOf } from '../server.ts';
import { isPlain, statelessText } from './answer.ts';
import { createEnvelopeReader, type Envelope } from './envelope.ts';
import type { Exchange, Header } from './exchange.ts';
import type { StatelessHead } from './head.ts';
import { createListings } from './listings.ts';
import type { ShortCall, ShortMessage } from './message.ts';

export interface StatelessDeps {
  deps: Pick<McpDeps, 'gateway' | 'version'>;
  rounds: Rounds;
  /** Has the SDK answer: a listing, or a call that was made already. */
  tell(request: Request, body: unknown, admitted: Admitted, over?: Promise<RoundOver>): Promise<Response>;
}

/** How name and arguments are said in headers that cannot hold them as they are. */
const encoded = '=?base64?';

/** The exchanges of the stateless revision: headers and body agree. */
export function createStatelessWay({ deps, rounds, tell }: StatelessDeps) {
  const serverInfo = serverInfoOf(deps.version);
  const envelopeIn = createEnvelopeReader();
  const listed = createListings(deps.gateway);

  const call =
    (message: ShortCall, { capabilities, trace }: Envelope, admitted: Admitted): Exchange =>
    async (signal, whole) => {
      const { principal, endpoint, clientAddress, requestId } = admitted;
      const { id, body, name, arguments: args } = message;
      const over = rounds.run(
        {
          principal,
          endpoint,
          operation: 'tool',
          target: name,
          arguments: args,
          meta: trace,
          clientAddress,
          requestId,
        },
        { principal, capabilities, signal, hears: false, progress: unheard, log: unheard },
      );
      const ended = await over.catch(() => undefined);
      if (ended && 'end' in ended && isPlain(ended.end)) return statelessText(id, ended.end, serverInfo);
      return tell(whole(), body, admitted, over);
    };

  return (message: ShortMessage, head: StatelessHead, admitted: Admitted, header: Header): Exchange | undefined => {
    const { method, id, body } = message;
    const envelope = method === head.method ? envelopeIn(message) : undefined;
    if (!envelope) return undefined;
    if (method === 'tools/list') return (_signal, whole) => listed(id, admitted, () => tell(whole(), body, admitted));
    if (message.name !== head.name || message.name.startsWith(encoded)) return undefined;
    const fault = headerFaultOf(deps, { name: message.name, arguments: message.arguments }, admitted, header);
    return fault === undefined ? call(message, envelope, admitted) : undefined;
  };
}

/** Whoever comes this way asked for neither progress nor log messages. */
const unheard = () => undefined;
