import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../telemetry/index.ts';
import { createEndpointEmbedder } from './endpoint.ts';

type Answer = { status: number; headers?: Record<string, string>; body?: unknown };
interface Asked {
  input: string[];
  dimensions?: number;
}

let server: Server;
const asked: (Asked & { at: number })[] = [];
let answerTo: (asked: Asked, request: IncomingMessage) => Answer;
const signal = new AbortController().signal;
const vectorsFor = ({ input }: Asked): Answer => ({
  status: 200,
  body: {
    object: 'list',
    data: input.map((one, index) => ({ object: 'embedding', index, embedding: [one.length, 1, 0] })),
    usage: { prompt_tokens: input.length * 3, total_tokens: input.length * 3 },
  },
});

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const one = JSON.parse(await text(request)) as Asked;
    asked.push({ ...one, at: performance.now() });
    const { status, headers = {}, body = { error: { message: 'no' } } } = answerTo(one, request);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

const embedder = (more: object = {}) => {
  asked.length = 0;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return createEndpointEmbedder({ settings: { url, model: 'm', maxTokens: 8_000, ...more }, fetch });
};

it('asks for many texts in few requests, with what the model wants before them, and tells what was spent [KN-6]', async () => {
  answerTo = vectorsFor;
  const model = embedder({ passagePrefix: 'p: ', queryPrefix: 'query: ', maxTokens: 10, dimensions: 3 });
  const texts = Array.from({ length: 130 }, (_, at) => String(at));
  const { vectors, tokens } = await model.embed(texts, 'passage', signal);
  expect(asked.map(({ input }) => input.length)).toEqual([64, 64, 2]);
  expect(asked[0]).toMatchObject({ dimensions: 3 });
  expect(asked[2]?.input).toEqual(['p: 128', 'p: 129']);
  expect(vectors.map(([first]) => first)).toEqual(texts.map((one) => one.length + 3));
  expect(tokens).toBe(390);
  await model.embed(['x'.repeat(100)], 'query', signal);
  expect(asked[3]?.input).toEqual([`query: ${'x'.repeat(23)}`]);
  expect(embedder({ passagePrefix: 'other: ' }).model).not.toBe(embedder().model);
});

it('tries again when there was too much, as late as the answer says [KN-6]', async () => {
  answerTo = (one) => (asked.length === 1 ? { status: 429, headers: { 'retry-after': '0.3' } } : vectorsFor(one));
  const { vectors } = await embedder().embed(['a'], 'passage', signal);
  expect(vectors).toHaveLength(1);
  const [first, second] = asked;
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(290);
});

it.each<[Answer, string, RegExp]>([
  [{ status: 401 }, 'MODEL_FAILED', /refuses the key \(401\)/],
  [{ status: 422 }, 'MODEL_REFUSED_TEXTS', /refuses what it is asked \(422\)/],
  [{ status: 200, body: { data: [{ embedding: [] }] } }, 'MODEL_FAILED', /do not fit|does not answer as/],
])('says what is wrong with an answer, in words of its own: %j [KN-6]', async (answer, code, message) => {
  answerTo = () => ({ ...answer, body: answer.body ?? { error: { message: 'the secret word' } } });
  const error = await embedder({ apiKey: 'secret-key' })
    .embed(['a'], 'query', signal)
    .catch((thrown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(error.message + error.action).not.toContain('secret');
});

it.each([401, 422, 500, 200])('leaves what was sent and what came out of the log: %i [KN-6]', async (status) => {
  answerTo = ({ input }) => ({ status, body: { error: { message: `${input} is too much` }, data: input } });
  const error = await embedder()
    .embed(['the words of a passage'], 'query', signal)
    .catch((thrown) => thrown);
  expect(error).toMatchObject({ code: expect.stringMatching(/^MODEL_/) });
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLog({ level: 'info', service: 'test', destination }).warn({ err: error }, 'it failed');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('words of a passage');
});

it('says that nobody answers there [KN-6]', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/v1`;
  await new Promise((resolve) => closed.close(resolve));
  const model = createEndpointEmbedder({ settings: { url, model: 'm', maxTokens: 100 }, fetch });
  const error = await model.embed(['a'], 'query', signal).catch((thrown) => thrown);
  expect(error).toMatchObject({
    code: 'MODEL_FAILED',
    message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/),
  });
});
