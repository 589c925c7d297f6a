import type { Gateway, Listing } from '../../../gateway/index.ts';
import { isObject, parseJson } from '../../../kernel/json.ts';
import type { Admitted } from '../deps.ts';
import { originOf } from '../identity.ts';
import { listingTtlMs } from '../lists.ts';
import type { ShortAnswer } from './exchange.ts';

/** Answers `tools/list` with what the SDK made of the same listing before, or else makes of it by `tell`. */
export type Listings = (id: string | number, admitted: Admitted, tell: () => Promise<Response>) => Promise<ShortAnswer>;

/** One for each era: each has its own form of a listing. */
export function createListings(gateway: Pick<Gateway, 'list'>): Listings {
  const listed = createListingTexts();

  const listingFor = ({ principal, endpoint, clientAddress }: Admitted): Listing | undefined => {
    try {
      return gateway.list(principal, originOf(endpoint, clientAddress));
    } catch {
      return undefined; // the endpoint went away this moment
    }
  };

  return async (id, admitted, tell) => {
    const listing = listingFor(admitted);
    const known = listing && listed.get(listing);
    if (known !== undefined) return `{"result":${known},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
    const response = await tell();
    if (response.status !== 200) return response;
    const told = await response.text();
    const answer = answerIn(told);
    if (answer === undefined) return new Response(told, { headers: response.headers });
    if (listing) listed.keep(listing, answer);
    return answer;
  };
}

/** The JSON-RPC answer in what the SDK told: as it is, or in the last event of a stream. */
function answerIn(told: string): string | undefined {
  return told.startsWith('{') ? told : /^data: (\{.*)\n\n$/m.exec(told)?.[1];
}

const mostKept = 32 * 1024 * 1024;

/**
 * Results of listings as texts. Every caller may have a listing of its own, and a long one: there is room for so much.
 * What is observed of tools stands in them, and makes them old.
 */
function createListingTexts() {
  let texts = new WeakMap<Listing, { text: string; until: number }>();
  let kept = 0;
  return {
    get(listing: Listing): string | undefined {
      const known = texts.get(listing);
      return known && performance.now() < known.until ? known.text : undefined;
    },
    keep(listing: Listing, answer: string) {
      if (answer.length > mostKept / 4) return;
      const result = resultIn(answer);
      if (result === undefined) return;
      if (kept + answer.length > mostKept) [texts, kept] = [new WeakMap(), 0];
      const text = JSON.stringify(result);
      kept += text.length - (texts.get(listing)?.text.length ?? 0);
      texts.set(listing, { text, until: performance.now() + listingTtlMs });
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
