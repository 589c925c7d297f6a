import { PassThrough } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { expect, it } from 'vitest';
import { pause } from '../../../test/upstreams.ts';
import { createStdioTransport, unreadableCode } from './stdio.ts';
import type { ChildProcess } from './types.ts';

/** A child whose pipes are in our hand: what is under test is what happens to its bytes. */
async function attach(maxMessageBytes = 1_000) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { promise: exited, resolve: end } = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  const kill = async () => end({ code: null, signal: 'SIGTERM' });
  const child: ChildProcess = { pid: 1, stdin, stdout, stderr, exited, kill };
  const [messages, garbage, errors]: [JSONRPCMessage[], string[], string[]] = [[], [], []];
  let closed = 0;
  const transport = createStdioTransport({
    launch: async () => child,
    maxMessageBytes,
    stderr: () => undefined,
    garbage: (line) => garbage.push(line),
  });
  transport.onmessage = (message) => void messages.push(message as JSONRPCMessage);
  transport.onerror = (error) => void errors.push(error.message);
  transport.onclose = () => void closed++;
  await transport.start();
  const say = async (text: string) => {
    stdout.write(`${text}\n`);
    await pause(5);
  };
  return { transport, stdin, stdout, say, messages, garbage, errors, end, closes: () => closed };
}

it('tells messages from everything else on stdout [SP-9]', async () => {
  const { say, messages, garbage } = await attach();
  await say('Server started');
  await say('{"jsonrpc":"2.0","id":1,"result":{}}');
  await say('{"some":"json"}');
  await say('');
  expect(messages).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
  expect(garbage).toEqual(['Server started', '{"some":"json"}']);
});

it.each([
  ['first', `{"jsonrpc":"2.0","id":7,"result":{"text":"${'x'.repeat(2_000)}"}}`],
  ['first of all', `{"id":7,"jsonrpc":"2.0","result":{"text":"${'x'.repeat(2_000)}"}}`],
  ['last', `{"result":{"text":"${'x'.repeat(2_000)}"},"jsonrpc":"2.0","id":7}`],
  ['last but the version', `{"result":{"text":"${'x'.repeat(2_000)}"},"id":7,"jsonrpc":"2.0"}`],
])('answers in the place of an answer that is too long, its id standing %s [SP-10]', async (_, text) => {
  const { say, messages, closes } = await attach();
  await say(text);
  const bytes = Buffer.byteLength(text);
  expect(messages).toMatchObject([
    { id: 7, error: { message: `it gave an answer of ${bytes} bytes; at most 1000 bytes are read` } },
  ]);
  expect(closes()).toBe(0);
});

it('ends the connection when it cannot tell whose answer was too long [SP-10]', async () => {
  const { transport, say, closes } = await attach();
  await say(`{"result":{"text":"${'x'.repeat(2_000)}"},"id":7,"more":"${'x'.repeat(2_000)}"}`);
  await expect.poll(closes).toBe(1);
  expect(transport.oversize()?.message).toContain('at most 1000 bytes are read');
});

it('drops a notification that is too long, and nothing else [SP-10]', async () => {
  const { say, messages, closes } = await attach();
  await say(`{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"${'x'.repeat(2_000)}"}}`);
  await say('{"jsonrpc":"2.0","id":1,"result":{}}');
  expect(messages).toHaveLength(1);
  expect(closes()).toBe(0);
});

it('answers in the place of an answer that is nested too deeply [SP-10]', async () => {
  const { say, messages } = await attach(100_000);
  await say(`{"jsonrpc":"2.0","id":3,"result":${'['.repeat(500)}${']'.repeat(500)}}`);
  expect(messages).toMatchObject([
    { id: 3, error: { code: unreadableCode, message: expect.stringContaining('nested deeper') } },
  ]);
});

it('hands on what a child said last before it is taken for gone [SP-9]', async () => {
  const { transport, stdout, messages, end, closes } = await attach();
  end({ code: 0, signal: null });
  stdout.end('{"jsonrpc":"2.0","id":1,"result":{}}\n');
  await expect.poll(closes).toBe(1);
  expect(messages).toHaveLength(1);
  expect(transport.exit()).toEqual({ code: 0, signal: null });
  await expect(transport.send({ jsonrpc: '2.0', id: 2, method: 'ping' })).rejects.toThrow('Not connected');
});

it('waits for a child that does not read, until it is gone [SP-10]', async () => {
  const { transport, stdin } = await attach();
  const big = { jsonrpc: '2.0' as const, id: 1, method: 'x', params: { text: 'x'.repeat(100_000) } };
  let sent = 0;
  const sending = [1, 2].map(() => transport.send(big).then(() => sent++));
  await pause(20);
  expect(sent).toBe(0);
  stdin.destroy();
  await Promise.all(sending);
});

it('is closed once, however often it is asked to', async () => {
  const { transport, closes } = await attach();
  await Promise.all([transport.close(), transport.close()]);
  expect(closes()).toBe(1);
});
