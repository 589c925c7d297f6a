import { expect, it } from 'vitest';
import { importDocument } from './import.ts';
import { pruneDocument } from './prune.ts';
import type { Selection } from './select.ts';

const options = { secrets: [], headers: [], destructive: [] };
const ok = { responses: { 200: { description: 'ok' } } };

function document(paths: object, components: object = {}): string {
  const servers = [{ url: 'https://api.example.com' }];
  return JSON.stringify({ openapi: '3.1.0', info: { title: 'T', version: '1' }, servers, paths, components });
}

/** What the selection comes to, and the same of the pruned document. */
function both(text: string, select: Selection) {
  const pruned = pruneDocument(text, select);
  const imported = (from: string) => importDocument(from, { ...options, select });
  return { pruned, whole: imported(text), again: imported(JSON.stringify(pruned)) };
}

it('keeps what a choice needs, by every spelling of a reference, and nothing else', () => {
  const parameters = [
    '#/components/parameters/a~1b',
    '#/components/parameters/c%7E1d',
    '#/components/parameters/e%20f',
  ];
  const query = (name: string) => ({ name, in: 'query', schema: { type: 'string' } });
  const text = document(
    {
      '/one': { get: { operationId: 'one', parameters: parameters.map(($ref) => ({ $ref })), ...ok } },
      '/two': { get: { operationId: 'two', ...ok } },
    },
    { parameters: { 'a/b': query('x'), 'c/d': query('y'), 'e f': query('z'), other: query('other') } },
  );
  const { pruned, whole, again } = both(text, { operations: ['one'] });
  expect(again).toEqual(whole);
  expect(again.leftOut).toEqual([]);
  expect(Object.keys(again.tools[0]?.inputSchema.properties ?? {})).toEqual(['x', 'y', 'z']);
  expect(Object.keys(pruned.paths ?? {})).toEqual(['/one']);
  expect(JSON.stringify(pruned)).not.toContain('other');
});

it('keeps what one path says for another, and chooses as before', () => {
  const shared = { name: 'x', in: 'query', schema: { $ref: '#/components/schemas/X' } };
  const text = document(
    {
      '/one': {
        get: { operationId: 'one', parameters: [shared], ...ok },
        post: { operationId: 'three', tags: ['t'], ...ok },
      },
      '/two': {
        get: { operationId: 'two', tags: ['t'], parameters: [{ $ref: '#/paths/~1one/get/parameters/0' }], ...ok },
      },
    },
    { schemas: { X: { type: 'integer' } } },
  );
  for (const select of [
    { operations: ['two'] },
    { operations: ['*_two', 'two', 'get_*'] },
    { exclude: { operations: ['one'] } },
    { tags: ['t'] },
  ]) {
    const { whole, again } = both(text, select);
    expect(again.tools).toEqual(whole.tools);
    expect(again.plans).toEqual(whole.plans);
  }
});

it('leaves it to the import to say what leads nowhere', () => {
  const parameters = [{ $ref: '#/components/%' }, { $ref: '#nowhere' }, { $ref: 'other.yaml#/A' }];
  const text = document({ '/one': { get: { operationId: 'one', parameters, ...ok } } });
  const { whole, again } = both(text, {});
  expect(again).toEqual(whole);
  expect(again.leftOut).toMatchObject([{ name: 'one', reason: 'a reference that leads nowhere' }]);
});
