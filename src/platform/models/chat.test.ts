import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChatServer, startChat } from '../../../test/chats.ts';
import { models } from '../../config/models-schema.ts';
import { createChat } from './chat.ts';
import { ChatModelFailed } from './errors.ts';

let server: ChatServer;
const spent: { tokens: number; cost: number }[] = [];

beforeAll(async () => {
  server = await startChat();
});
afterAll(() => server?.stop());

const secret = 'sk-very-secret-indeed';
const secrets = 'The launch code is 4711.';
const chat = (more: object = {}) => {
  const { chat: settings } = models.parse({
    chat: { url: server.url, model: 'parrot', apiKey: secret, costPerMillionTokens: 5, ...more },
  });
  if (settings === undefined || settings === 'sampling') throw new Error('it has its settings');
  const used = ({ input, output }: { input: number; output: number }, cost: number) =>
    void spent.push({ tokens: input + output, cost });
  return createChat({ settings, fetch: (url, init) => fetch(url, init), used });
};
const ask = (model = chat(), signal = new AbortController().signal) =>
  model.complete({ system: 'Be brief.', prompt: `Question: ${secrets}` }, signal);

it('answers, tells what it took, and leaves out what the model thought', async () => {
  server.say(() => '<think>The user wants a word.</think>Aye.');
  expect(await ask(chat({ temperature: 0 }))).toEqual({
    text: 'Aye.',
    model: 'parrot-1',
    isCut: false,
    tokens: { input: 900, output: 100 },
    cost: 0.005,
  });
  expect(spent).toEqual([{ tokens: 1_000, cost: 0.005 }]);
  const [{ token, body } = { token: '', body: {} }] = server.asked;
  expect(token).toBe(`Bearer ${secret}`);
  expect(body).toMatchObject({ model: 'parrot', temperature: 0, max_tokens: 2_000 });
});

it('tries once more, and no more than that', async () => {
  server.say(() => 'Aye.');
  const soon = { 'retry-after-ms': '1' };
  server.instead(1, (response) => response.writeHead(503, soon).end('{}'));
  expect((await ask()).text).toBe('Aye.');
  server.asked.length = 0;
  server.instead(9, (response) => response.writeHead(503, soon).end(JSON.stringify({ error: { message: secrets } })));
  const error = await ask().catch((thrown: unknown) => thrown);
  server.instead(0, () => undefined);
  expect(server.asked).toHaveLength(2);
  expect(ChatModelFailed.is(error) && error.message).toBe(
    'The chat model "parrot" did not answer: its endpoint answers with status 503.',
  );
});

it('says of what goes wrong neither the key nor a word of the prompt', async () => {
  const failures: [string, (response: Parameters<Parameters<ChatServer['instead']>[1]>[0]) => void, RegExp][] = [
    ['refusal', (response) => response.writeHead(401).end(`{"error":{"message":"bad key ${secret}"}}`), /status 401/],
    ['nonsense', (response) => response.writeHead(200).end('<html>hello</html>'), /something else than a completion/],
    ['silence', () => undefined, /longer than 300 ms/],
  ];
  for (const [name, respond, reason] of failures) {
    server.instead(1, respond);
    const error = await ask(chat({ timeoutMs: 300 })).catch((thrown: unknown) => thrown);
    expect(ChatModelFailed.is(error), name).toBe(true);
    const all = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(all).toMatch(reason);
    expect(all).not.toMatch(/4711|sk-very/);
    expect((error as Error).cause).toBeUndefined();
  }
});

it('stops when it is told to', async () => {
  server.instead(1, () => undefined);
  const stop = new AbortController();
  const asking = ask(chat(), stop.signal);
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await expect(asking).rejects.toThrow('enough');
});
