import { expect, it } from 'vitest';
import type { JsonObject } from '../../kernel/json.ts';
import { listEverything } from './listing.ts';

const everything = { tools: {}, prompts: {}, resources: {} };
const tool = (name: string, more: JsonObject = {}) => ({ name, inputSchema: { type: 'object' }, ...more });
class UnknownMethod extends Error {}

function lister(answer: (method: string, cursor: string | undefined) => object, more: Record<string, unknown> = {}) {
  const asked: string[] = [];
  const list = () =>
    listEverything({
      capabilities: everything,
      mirrorsHeaders: false,
      async request(method, { cursor }) {
        asked.push(cursor === undefined ? method : `${method} ${cursor}`);
        return answer(method, cursor as string | undefined) as JsonObject;
      },
      isUnknownMethod: (error) => error instanceof UnknownMethod,
      ...more,
    });
  return { list, asked };
}

it('walks all pages and keeps what it does not know [SP-5]', async () => {
  const { list } = lister((method, cursor) => {
    if (method !== 'tools/list') return {};
    return cursor ? { tools: [tool('b', { future: 1 })] } : { tools: [tool('a')], nextCursor: 'more' };
  });
  expect((await list()).tools).toEqual([tool('a'), tool('b', { future: 1 })]);
});

it('asks only for what the upstream says that it has [SP-5]', async () => {
  const { list, asked } = lister(() => ({}), { capabilities: { prompts: {} } });
  await list();
  expect(asked).toEqual(['prompts/list']);
});

it('takes a list that the upstream does not know for empty, and any other failure for a failure [SP-10]', async () => {
  const unknown = lister((method) => {
    if (method === 'resources/templates/list') throw new UnknownMethod();
    return { tools: [tool('a')] };
  });
  expect(await unknown.list()).toMatchObject({ tools: [tool('a')], templates: [] });
  const broken = lister((method) => {
    if (method === 'prompts/list') throw new Error('broken');
    return {};
  });
  await expect(broken.list()).rejects.toThrow('broken');
});

it('comes to an end when the pages do not [SP-10]', async () => {
  const circle = lister((method, cursor) =>
    method === 'tools/list' ? { tools: [tool(`t${cursor}`)], nextCursor: cursor === 'x' ? 'y' : 'x' } : {},
  );
  expect((await circle.list()).tools).toHaveLength(3);
  let page = 0;
  const endless = lister((method) =>
    method === 'tools/list' ? { tools: [tool(`t${page++}`)], nextCursor: `${page}` } : {},
  );
  expect(await endless.list()).toMatchObject({
    tools: { length: 200 },
    refused: [{ kind: 'tool', reason: 'more than 200 pages of them', more: true }],
  });
});

it('takes no more items than anybody could use [SP-10]', async () => {
  const flood = Array.from({ length: 12_000 }, (_, n) => tool(`t${n}`));
  const { list } = lister((method) => (method === 'tools/list' ? { tools: flood } : {}));
  expect(await list()).toMatchObject({
    tools: { length: 10_000 },
    refused: [{ kind: 'tool', reason: 'more than 10000 of them', more: true }],
  });
});

it('leaves out what cannot be a tool, and says so [SP-10]', async () => {
  const odd = [tool('good'), { name: 'no schema' }, { inputSchema: {} }, 'text', null, tool('bad header')];
  const header = { type: 'object', properties: { a: { type: 'number', 'x-mcp-header': 'A' } } };
  odd[5] = { name: 'bad header', inputSchema: header };
  const answer = (method: string) => (method === 'tools/list' ? ({ tools: odd } as unknown as JsonObject) : {});
  const { list } = lister(answer, { mirrorsHeaders: true });
  const { tools, refused } = await list();
  expect(tools).toEqual([tool('good')]);
  expect(refused).toEqual([
    { kind: 'tool', name: 'no schema', reason: 'no input schema' },
    { kind: 'tool', name: '', reason: 'no name' },
    { kind: 'tool', name: 'bad header', reason: 'headers that cannot be sent', detail: expect.any(String) },
  ]);
});
