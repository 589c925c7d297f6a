import { parseJson } from '../../../kernel/json.ts';
import type { Admitted } from '../deps.ts';
import { originOf } from '../identity.ts';
import type { Exchange, Header } from './exchange.ts';
import type { ShortHead } from './head.ts';
import { messageIn } from './message.ts';
import { createSessionWay, type SessionWayDeps } from './session.ts';
import { createStatelessWay, type StatelessDeps } from './stateless.ts';

/**
 * `tools/call` and `tools/list` without the SDK's server, for requests in which everything is in order and nothing is
 * unusual. All others go the long way, which words every refusal: what is answered here is answered there in the same
 * words.
 */
export interface ShortWay {
  /** How to serve the message in a body, when that can be done here. Does nothing yet. */
  read(text: string, head: ShortHead, admitted: Admitted, header: Header): Exchange | undefined;
}

export interface ShortDeps extends StatelessDeps, SessionWayDeps {
  deps: StatelessDeps['deps'] & { maxJsonDepth: number };
}

export function createShortWay(parts: ShortDeps): ShortWay {
  const { gateway, maxJsonDepth } = parts.deps;
  const stateless = createStatelessWay(parts);
  const inSession = createSessionWay(parts);
  return {
    read(text, { by }, admitted, header) {
      let body: unknown;
      try {
        body = parseJson(text, { maxDepth: maxJsonDepth });
        gateway.enter(admitted.principal, originOf(admitted.endpoint, admitted.clientAddress));
      } catch {
        return undefined; // the long way says what is wrong
      }
      const message = messageIn(body);
      if (!message) return undefined;
      return 'session' in by ? inSession(message, by.session, admitted) : stateless(message, by, admitted, header);
    },
  };
}
