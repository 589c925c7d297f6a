import { expect, it } from 'vitest';
import { createUpstreamWorld } from '../../../../test/upstreams.ts';
import { createImporter } from './importer.ts';

const options = { secrets: [], headers: [], destructive: [] };
const never = new AbortController().signal;
const bytesOf = (text: string) => Buffer.from(text);
const small = JSON.stringify({
  openapi: '3.1.0',
  servers: [{ url: 'https://a.example' }],
  paths: { '/a': { get: {} } },
});
/** Half a million lists: little to send, much to hold. */
const large = () => bytesOf(`{"openapi":"3.1.0","paths":{},"x":[${'[],'.repeat(3_000_000)}[]]}`);

const importerWith = (limits: Partial<Parameters<typeof createImporter>[0]> = {}) =>
  createImporter({ processes: createUpstreamWorld().processes, ...limits });

it('imports in a process of its own, and passes faults on', async () => {
  const importer = importerWith();
  expect(await importer.run(bytesOf(small), options, never)).toMatchObject({
    tools: [{ name: 'get_a' }],
    base: 'https://a.example',
  });
  await expect(importer.run(bytesOf('{"openapi":"2"}'), options, never)).rejects.toMatchObject({
    name: 'ImportFault',
    message: 'its OpenAPI document cannot be used',
    detail: 'its version 2 is not known; 3.0 and 3.1 are',
  });
});

it('gives up what takes too long, too much memory, or is not wanted any more', async () => {
  const detail = (importer: ReturnType<typeof createImporter>, signal = never) =>
    importer
      .run(large(), options, signal)
      .catch((error: { detail?: string; message: string }) => error.detail ?? error.message);
  expect(await detail(importerWith({ maxMs: 1 }))).toBe('reading it takes longer than 1 ms');
  expect(await detail(importerWith({ maxHeapMb: 16 }))).toBe('reading it takes more than 16 MiB of memory');
  const leaving = new AbortController();
  const left = detail(importerWith(), leaving.signal);
  leaving.abort(new Error('gone'));
  expect(await left).toBe('gone');
});

it('imports no more than two at once, whoever waits', async () => {
  const importer = importerWith({ atOnce: 1 });
  const first = importer.run(large(), options, never).catch(() => 'large');
  const second = importer.run(bytesOf(small), options, never).then(() => 'small');
  expect(await Promise.race([first, second])).toBe('large');
  expect(await second).toBe('small');
});
