import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadSettings, faultsOf as told } from '../config/index.ts';
import { settingsFaults } from './check.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function faultsOf(config: object, files: Record<string, string> = {}): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-check-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'fairlead.yaml'), stringify(config));
  try {
    await loadSettings({ env: {}, flags: {}, cwd: folder, prepare: false, further: settingsFaults });
    return [];
  } catch (error) {
    return [...(told(error) ?? [])];
  }
}

it('finds nothing in settings that a server can start with [SP-3]', async () => {
  expect(await faultsOf({})).toEqual([]);
  const policies = { 'house.cedar': 'permit (principal, action, resource) when { resource.readOnly };' };
  expect(await faultsOf({ policies: { folder: '.' } }, policies)).toEqual([]);
});

it('names at once what would keep a server from starting [SP-3]', async () => {
  const faults = await faultsOf(
    {
      server: { allowedHosts: ['https://fairlead.example.com'], tls: { cert: 'cert.pem', key: 'cert.pem' } },
      upstreams: { fairlead: { url: 'https://mcp.example.com/mcp' } },
      egress: { allow: ['10.0.0.0/99'] },
      policies: { folder: '.' },
    },
    { 'broken.cedar': 'permit (principal, action', 'cert.pem': 'no certificate' },
  );
  const all = faults.join('\n');
  expect(all).toMatch(/broken\.cedar/);
  expect(all).toMatch(/upstreams\.fairlead/);
  expect(all).toMatch(/server\.allowedHosts/);
  expect(all).toMatch(/server\.tls: certificate and key/);
  expect(all).toMatch(/egress\.allow/);
});

it('hides none of it behind a fault of the file, and invents none by what such a fault leaves out [SP-3]', async () => {
  const reads = 'permit (principal, action, resource) when { context.arguments has a && context.arguments.a == "x" };';
  const config = { server: { prot: 1 }, policies: { folder: '.', shiped: true } };
  const broken = await faultsOf(config, { 'broken.cedar': 'permit (principal, action' });
  expect(broken.map((fault) => fault.replace(/^\/.*\//, '').split(' (')[0])).toEqual([
    'server.prot',
    'policies.shiped',
    expect.stringMatching(/^broken\.cedar: line 1/),
  ]);
  const sound = { ...config, projections: { 'git.push': { a: '/a' } } };
  expect(await faultsOf(sound, { 'reads.cedar': reads })).toHaveLength(2);
  const unsound = { policies: { folder: '.' }, projections: { 'git.push': { a: 5, b: 'float:/x' } } };
  const found = await faultsOf(unsound, { 'reads.cedar': reads });
  expect(found).toEqual([
    expect.stringMatching(/^projections\.git\.push\.a .*must be text$/),
    expect.stringMatching(/git\.push.*b/),
  ]);
  const cert = { server: { tls: { cert: 'cert.pem', key: 'cert.pem', clientCa: 'nowhere.pem' } } };
  expect(await faultsOf(cert, { 'cert.pem': 'no certificate' })).toEqual([
    expect.stringMatching(/^server\.tls\.clientCa .*ENOENT/),
  ]);
});

it('names a projection that cannot be [SP-3]', async () => {
  expect((await faultsOf({ projections: { 'git.push': { amount: 'float:/x' } } })).join('\n')).toMatch(/git\.push/);
});
