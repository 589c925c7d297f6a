import type { Listing } from '../../../gateway/index.ts';
import { isObject, parseJson } from '../../../kernel/json.ts';
import type { Admitted, McpDeps } from '../deps.ts';
import { originOf } from '../identity.ts';
import { headerFaultOf } from '../modern.ts';
import type { RoundOver, Rounds } from '../rounds.ts';
import { serverInfoOf } from '../server.ts';
import { answerText, isPlain } from './answer.ts';
import type { ShortHead } from './head.ts';
import { createMessageReader, type ShortMessage } from './message.ts';

/**
 * `tools/call` and `tools/list` of the stateless revision without the SDK's server, for requests in which everything is
 * in order and nothing is unusual. All others go the long way, which words every refusal: what is answered here is
 * answered there in the same words.
 */
export interface ShortWay {
  /** The message in a body, when it can be served here. Does nothing yet. */
  read(text: string, head: ShortHead, admitted: Admitted, header: Header): ShortMessage | undefined;
  /** Serves it. `whole` is the request as the SDK takes it, made only when the answer needs the SDK to tell it. */
  serve(message: ShortMessage, admitted: Admitted, signal: AbortSignal, whole: () => Request): Promise<ShortAnswer>;
}

type Header = (name: string) => string | null;

/** The text of an answer with status 200 and JSON, or what the SDK made of it. */
export type ShortAnswer = string | Response;

export interface ShortDeps {
  deps: Pick<McpDeps, 'gateway' | 'version'> & { maxJsonDepth: number };
  rounds: Rounds;
  /** Has the SDK answer: a listing, or a call that was made already. */
  tell(request: Request, body: unknown, admitted: Admitted, over?: Promise<RoundOver>): Promise<Response>;
}

export function createShortWay({ deps, rounds, tell }: ShortDeps): ShortWay {
  const { gateway, version, maxJsonDepth } = deps;
  const serverInfo = serverInfoOf(version);
  const messageIn = createMessageReader();
  const listed = createListingTexts();

  const listingFor = ({ principal, endpoint, clientAddress }: Admitted): Listing | undefined => {
    try {
      return gateway.list(principal, originOf(endpoint, clientAddress));
    } catch {
      return undefined; // the endpoint went away this moment
    }
  };

  const list = async ({ id, body }: ShortMessage, admitted: Admitted, whole: () => Request): Promise<ShortAnswer> => {
    const listing = listingFor(admitted);
    const known = listing && listed.get(listing);
    if (known !== undefined) return `{"result":${known},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
    const response = await tell(whole(), body, admitted);
    if (response.status !== 200) return response;
    const text = await response.text();
    if (listing) listed.keep(listing, text);
    return text;
  };

  return {
    read(text, head, admitted, header) {
      let body: unknown;
      try {
        body = parseJson(text, { maxDepth: maxJsonDepth });
        gateway.enter(admitted.principal, originOf(admitted.endpoint, admitted.clientAddress));
      } catch {
        return undefined; // the long way says what is wrong
      }
      const message = messageIn(body, head);
      if (message?.method !== 'tools/call') return message;
      return headerFaultOf(deps, message, admitted, header) === undefined ? message : undefined;
    },

    async serve(message, admitted, signal, whole) {
      if (message.method === 'tools/list') return list(message, admitted, whole);
      const { principal, endpoint, clientAddress, requestId } = admitted;
      const { name, arguments: args, capabilities, meta } = message;
      const over = rounds.run(
        { principal, endpoint, operation: 'tool', target: name, arguments: args, meta, clientAddress, requestId },
        { principal, capabilities, signal, hears: false, progress: unheard, log: unheard },
      );
      const ended = await over.catch(() => undefined);
      if (ended && 'end' in ended && isPlain(ended.end)) return answerText(message.id, ended.end, serverInfo);
      return tell(whole(), message.body, admitted, over);
    },
  };
}

/** Whoever comes this way asked for neither progress nor log messages. */
const unheard = () => undefined;

const mostKept = 32 * 1024 * 1024;

/** Results of listings as texts. Every caller may have a listing of its own, and a long one: there is room for so much. */
function createListingTexts() {
  let texts = new WeakMap<Listing, string>();
  let kept = 0;
  return {
    get: (listing: Listing) => texts.get(listing),
    keep(listing: Listing, answer: string) {
      if (answer.length > mostKept / 4) return;
      const result = resultIn(answer);
      if (result === undefined) return;
      if (kept + answer.length > mostKept) [texts, kept] = [new WeakMap(), 0];
      texts.set(listing, JSON.stringify(result));
      kept += answer.length;
    },
  };
}

/** Undefined where definitions hold what no foreign text may: such an answer is told, and not kept. */
function resultIn(answer: string): unknown {
  try {
    const told = parseJson(answer);
    return isObject(told) ? told.result : undefined;
  } catch {
    return undefined;
  }
}
