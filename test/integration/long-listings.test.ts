import { afterAll, beforeAll, expect, it } from 'vitest';
import { caller, closeCallers } from '../clients.ts';
import { filedUpstream } from '../filed.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

// Each of two upstreams lists as much as one may; together it is more than any foreign text may have.

const described = { type: 'string', description: 'y'.repeat(200_000) };
const inputSchema = { type: 'object', properties: { text: described } };
const upstream = () =>
  filedUpstream({ tools: Array.from({ length: 45 }, (_, n) => ({ name: `tool${n}`, inputSchema })) });
const [one, other] = [upstream(), upstream()];
let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({ config: { upstreams: { one: one.settings, other: other.settings } } });
});
afterAll(async () => {
  await closeCallers();
  await fairlead?.stop();
  one.remove();
  other.remove();
});

it('answers with a listing of any length, again and again [CA-10]', async () => {
  const client = await caller(fairlead, 'modern');
  for (const _ of [1, 2]) expect((await client.listTools()).tools).toHaveLength(90);
});
