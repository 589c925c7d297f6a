import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { models } from '../config/models-schema.ts';
import { unresolvedMark } from '../config/references.ts';
import { createEgress } from '../platform/http/index.ts';
import { createLog } from '../platform/telemetry/index.ts';
import { createModelKeys } from './model-keys.ts';

const egress = createEgress({ allow: [], log: createLog({ level: 'silent', service: 'test' }) });
const sent: (string | undefined)[] = [];
const http = createServer((request, response) => {
  sent.push(request.headers.authorization);
  response.end('{}');
});
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await egress.stop();
  http.close();
});

const settings = (chat: string, embedding: string, more: object = {}) =>
  models.parse({
    chat: { url: `${url}/chat`, model: 'm', apiKey: chat, ...more },
    embeddings: { small: { url: `${url}/embed`, model: 'e', apiKey: embedding } },
  });

it('sends the key that counts now, to the model that it belongs to, and nothing else in its place [AC-5]', async () => {
  const keys = createModelKeys(settings('one', 'one'), egress);
  const ask = async (path: string, key: string) => {
    await keys.fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
    return sent.at(-1);
  };
  expect(await ask('/chat/completions', 'one')).toBe('Bearer one');
  expect(keys.replace(settings('two', 'one'))).toBe(true);
  expect(await ask('/chat/completions', 'one')).toBe('Bearer two');
  expect(await ask('/embed', 'one')).toBe('Bearer one');
  expect(await ask('/elsewhere', 'one'), 'the key of nobody is left as it is').toBe('Bearer one');
  expect(keys.replace(settings('three', 'three', { model: 'another' })), 'another model is another matter').toBe(false);
  expect(await ask('/chat/completions', 'one')).toBe('Bearer two');

  const before = sent.length;
  expect(keys.replace(settings(`http://${unresolvedMark}/`, 'one'))).toBe(true);
  await expect(ask('/chat/completions', 'one')).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE' });
  expect(sent).toHaveLength(before);
  expect(keys.replace(settings('four', 'one'))).toBe(true);
  expect(await ask('/chat/completions', 'one')).toBe('Bearer four');
});
