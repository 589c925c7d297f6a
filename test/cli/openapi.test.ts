import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Shelter, serveShelter, shelterFile } from '../fixtures/servers/shelter.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { run } from './run.ts';

let fairlead: Fairlead;
let shelter: Shelter;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-openapi-'));

beforeAll(async () => {
  shelter = await serveShelter({ token: 'the-token-of-the-shelter', key: 'k', clerk: 'c:c' });
  fairlead = await startFairlead({ config: { egress: { allow: ['127.0.0.1'] } } });
});
afterAll(async () => {
  await fairlead?.stop();
  await shelter?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) =>
  run(args, { cwd: folder, env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });

async function tools(): Promise<string[]> {
  for (let tries = 0; tries < 100; tries++) {
    const { stdout } = await cli('tools', 'list', '--json');
    const listed = (JSON.parse(stdout).tools as { id: string }[])
      .map(({ id }) => id)
      .filter((id) => id.startsWith('shelter.'));
    if (listed.length > 0) return listed;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [];
}

it('tests and adds a document in a file, by tag and operation, and calls it [CA-3] [SP-20]', async () => {
  const chosen = [
    '--openapi',
    shelterFile,
    '--tag',
    'broken',
    '--operation',
    'getAnimal',
    '--base-url',
    `${shelter.url}/api/v2`,
  ];
  const secret = ['--secret', 'token=the-token-of-the-shelter'];
  const tested = await cli('upstreams', 'test', 'shelter', ...chosen, ...secret);
  expect(tested.code).toBe(0);
  expect(tested.stdout).toMatch(
    /^shelter works over openapi, OpenAPI 3\.0\.3 \(\d+ ms\)\.\n1 tools, 0 prompts, 0 resources\.$/m,
  );
  expect(tested.stdout).toContain(
    'left out: tool "importLedger" (a body of a kind that cannot be sent: "application/xml")',
  );

  expect(await cli('upstreams', 'add', 'shelter', '--trust', ...chosen, ...secret)).toMatchObject({ code: 0 });
  expect(await tools()).toEqual(['shelter.get_animal']);
  const called = await cli('call', 'shelter.get_animal', 'id:=2');
  expect(JSON.parse(called.stdout)).toEqual({ id: 2, name: 'Animal 2', kind: 'cat' });
  const listed = await cli('upstreams', 'list');
  expect(listed.stdout).toMatch(/shelter +live +1 +runtime +openapi a document of its own/);
  expect(listed.stdout).toContain('shelter: left out: tool "pressReview" (another host than that of the API: ');
  // By its name alone it is tested as it is kept.
  expect((await cli('upstreams', 'test', 'shelter')).stdout).toContain('1 tools');
});

it('adds a document at an address [CA-3] [SP-20]', async () => {
  const args = [
    'upstreams',
    'add',
    'shelter',
    '--openapi',
    shelter.documentUrl,
    '--tag',
    'animals',
    '--replace',
    '--trust',
  ];
  expect(await cli(...args, '--header', 'Authorization: Bearer the-token-of-the-shelter')).toMatchObject({ code: 0 });
  for (let tries = 0; tries < 100 && (await tools()).length < 5; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await tools()).toContain('shelter.list_animals');
});

it('says what is wrong with a document before it is sent [CA-3] [SP-20]', async () => {
  writeFileSync(join(folder, 'old.json'), '{"swagger": "2.0"}');
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ openapi: 'old.json' }));
  for (const [args, said] of [
    [['--openapi', 'missing.json'], /The document missing\.json cannot be read: ENOENT/],
    [['--openapi', 'old.json'], /The document old\.json cannot be used: it is Swagger 2\.0; convert it/],
    [['--settings-file', 'settings.json'], /The document old\.json cannot be used/],
    [['--openapi', shelterFile, 'https://mcp.example.com'], /A document stands alone/],
    [['--openapi', shelterFile, '--secret', 'token'], /It is written --secret scheme=value/],
    [[], /It needs an address, a program or --openapi/],
  ] as const) {
    const { code, stderr } = await cli('upstreams', 'add', 'x', ...args);
    expect(stderr).toMatch(said);
    expect(code).toBe(2);
  }
});
