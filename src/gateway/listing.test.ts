import { expect, it } from 'vitest';
import { type CatalogSnapshot, viewOf } from '../capabilities/catalog/index.ts';
import type { Principal } from '../kernel/principal.ts';
import { UnknownEndpoint } from './errors.ts';
import { createListings } from './listing.ts';

const plain = { naming: 'prefixed' as const };
const empty = { tools: new Map(), prompts: [], resources: [], templates: [], lookalikes: () => new Map() };
const snapshotOf = (): CatalogSnapshot => ({
  ...empty,
  org: 'default',
  toolsets: new Map([['git', { toolset: 'git', status: 'stale', instructions: 'Use it well.' }]]),
});
const ann: Principal = {
  id: 'key:ann',
  kind: 'user',
  org: 'default',
  name: 'ann',
  roles: ['viewer'],
  scopes: ['*'],
  credential: { kind: 'api_key', id: 'ann' },
};

it('is made anew when catalog, rules, caller or way have changed, and only then [SP-10] [SP-15]', () => {
  let snapshot = snapshotOf();
  let rules = 0;
  const list = createListings({
    endpoints: {
      view: () => viewOf(snapshot, plain),
      instructions: () => undefined,
      unknown: () => UnknownEndpoint({ name: 'x', others: '' }),
    },
    visible: (_, tools) => [...tools],
    asksConsent: () => false,
    rulesEpoch: () => rules,
  });
  const first = list(ann, {});
  expect(first.instructions).toEqual([{ toolset: 'git', text: 'Use it well.' }]);
  expect(first.incomplete).toEqual([{ toolset: 'git', reason: 'not connected' }]);
  expect(list(ann, {})).toBe(first);
  expect(list({ ...ann, roles: ['admin'] }, {})).not.toBe(first);
  expect(list(ann, { clientAddress: '192.0.2.7' })).not.toBe(first);
  rules++;
  const second = list(ann, {});
  expect(second).not.toBe(first);
  snapshot = snapshotOf();
  expect(list(ann, {})).not.toBe(second);
  for (let n = 0; n < 500; n++) list({ ...ann, id: `key:${n}` }, {}); // many callers: the oldest listings go
  expect(list(ann, {}).incomplete).toHaveLength(1);
});
