import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { run, temporaryHome } from '../cli/run.ts';
import { caller, closeCallers } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';

// An upstream that lists what cannot be taken: the rest of it is served, and nothing is left out without a word.

let fairlead: Fairlead;
const home = temporaryHome();
const leftOut =
  'left out: 8 tools (a name that is reserved; a name of more than 1024 characters; a name that is listed twice; characters that are no text)';

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      upstreams: {
        odd: listedUpstream([
          { name: 'good' },
          { name: '@read' },
          { name: '@prompt' },
          { name: '@complete' },
          { name: '@other' },
          { name: 'n'.repeat(1_025) },
          { name: 'n'.repeat(1_024) },
          { name: 'good', annotations: { title: 'Another' } },
          { name: 'good' },
          { name: 'nul', annotations: { title: 'a\0b' } },
          { name: 'half', inputSchema: { type: 'object', properties: { 'a\ud800': {} } } },
          { name: 'n\0l' },
        ]),
      },
    },
  });
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  home.remove();
});

it('the rest of it is served, and its pseudo tools stay what they are [SP-10] [SP-15]', async () => {
  const { tools, incomplete } = await (await fairlead.request('/api/v1/tools')).json();
  expect(tools.map(({ id }: { id: string }) => id)).toEqual(['odd.@other', 'odd.good', `odd.${'n'.repeat(1_024)}`]);
  expect(incomplete).toEqual([{ toolset: 'odd', reason: leftOut }]);
  for (const name of ['@read', '@prompt', '@complete']) {
    expect((await fairlead.request(`/api/v1/tools/odd.${name}/call`, { json: {} })).status).toBe(404);
  }
});

it.each(['sessions', 'modern'] as const)(
  'a client with %s is told in the listing and in the status [SP-10]',
  async (era) => {
    const client = await caller(fairlead, era);
    const { tools, _meta } = await client.listTools();
    expect(tools).toHaveLength(3);
    expect(_meta?.['dev.fairlead/incomplete']).toEqual([{ toolset: 'odd', reason: leftOut }]);
    const { contents } = await client.readResource({ uri: 'fairlead://status' });
    const { toolsets } = JSON.parse((contents[0] as { text: string }).text);
    expect(toolsets).toMatchObject([{ toolset: 'odd', state: 'live', tools: 3, leftOut }]);
  },
);

it('REST and the command line name them, one by one, to who operates [SP-10] [SP-20]', async () => {
  const { upstreams } = await (await fairlead.request('/api/v1/upstreams')).json();
  expect(upstreams).toMatchObject([{ name: 'odd', state: 'live', tools: 3, leftOut }]);
  expect(upstreams[0].refused).toEqual([
    { kind: 'tool', name: '@read', reason: 'a name that is reserved' },
    { kind: 'tool', name: '@prompt', reason: 'a name that is reserved' },
    { kind: 'tool', name: '@complete', reason: 'a name that is reserved' },
    { kind: 'tool', name: 'n'.repeat(100), reason: 'a name of more than 1024 characters' },
    { kind: 'tool', name: 'good', reason: 'a name that is listed twice' },
    { kind: 'tool', name: 'nul', reason: 'characters that are no text' },
    { kind: 'tool', name: 'half', reason: 'characters that are no text' },
    { kind: 'tool', name: 'n\0l', reason: 'characters that are no text' },
  ]);
  const list = async (key: string) =>
    (await run(['upstreams', 'list'], { env: { ...home.env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: key } })).stdout;
  expect(await list(fairlead.adminKey)).toContain('odd: left out: tool "@read" (a name that is reserved)');
  const viewed = await list(await fairlead.makeKey(['viewer']));
  expect(viewed).toContain(`odd: ${leftOut}`);
  expect(viewed).not.toContain('@read');
});
