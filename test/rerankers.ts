import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface RerankServer {
  /** As a client wants it: with the version. */
  url: string;
  /** What it was asked, request by request. */
  asked: { query: string; documents: string[] }[];
  /** From now on it does not answer well; or does again. */
  fail(isFailing: boolean): void;
  stop(): Promise<void>;
}

/** An endpoint as rerankers have it, whose taste is the test's: `rate` gives a text its score. */
export async function startReranker(rate: (text: string, query: string) => number): Promise<RerankServer> {
  const asked: RerankServer['asked'] = [];
  let fails = false;
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as { query: string; documents: string[]; top_n: number };
    asked.push({ query: body.query, documents: body.documents });
    response.setHeader('content-type', 'application/json');
    if (fails || request.url !== '/v2/rerank') {
      response.writeHead(503).end('{"message":"out of order"}');
      return;
    }
    const rated = body.documents.map((one, index) => ({ index, relevance_score: rate(one, body.query) }));
    response.end(
      JSON.stringify({ results: rated.toSorted((a, b) => b.relevance_score - a.relevance_score).slice(0, body.top_n) }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`,
    asked,
    fail(isFailing) {
      fails = isFailing;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
