import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registryEntries, registryFile, serveRegistry } from '../../../test/fixtures/servers/registry.ts';
import { createEgress } from '../../platform/http/index.ts';
import { createLog } from '../../platform/telemetry/index.ts';
import { openRegistry } from './source.ts';

const egress = createEgress({ allow: [], log: createLog({ level: 'silent', service: 'test' }) });
const open = (at: string, cwd = tmpdir()) => openRegistry({ at, cwd, egress });

async function served(options: Parameters<typeof serveRegistry>[0] = {}) {
  const fixture = await serveRegistry(options);
  onTestFinished(() => fixture.stop());
  return fixture;
}

function written(name: string, content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const names = (servers: readonly { name: string; version: string }[]) =>
  servers.map(({ name, version }) => `${name}@${version}`);
const entry = (name: string, more: object = {}) => ({ name, description: 'A server', version: '1.0.0', ...more });

describe('a registry', () => {
  it('is searched page by page for the longest word, and the others are looked for here [CA-4]', async () => {
    const fixture = await served({ pageSize: 2 });
    const { servers, more } = await open(fixture.url).search(['books', 'io.github'], 10);
    expect(names(servers)).toEqual(['io.github.orchard/ledger@0.5.0']);
    expect(more).toBe(false);
    expect(fixture.requests[0]).toBe('/v0.1/servers?search=io.github&limit=100&version=latest');
    expect(fixture.requests.length).toBeGreaterThan(3);
    expect(fixture.requests[1]).toContain('cursor=2');
  });

  it('is asked for no more pages than are needed [CA-4]', async () => {
    const fixture = await served({ pageSize: 2 });
    const { servers, more } = await open(fixture.url).search([], 2);
    expect(servers).toHaveLength(2);
    expect(more).toBe(true);
    expect(fixture.requests).toHaveLength(1);
  });

  it('gives all versions of a server, the newest first, deleted ones too [CA-4]', async () => {
    const fixture = await served();
    const versions = await open(`${fixture.url}/`).versions('io.github.meadow/weather');
    expect(versions.map(({ version, status }) => `${version} ${status}`)).toEqual([
      '1.10.0 active',
      '1.9.0 active',
      '1.8.0 deleted',
    ]);
    expect(fixture.requests).toEqual([
      '/v0.1/servers/io.github.meadow%2Fweather/versions?limit=100&include_deleted=true',
    ]);
  });

  it('may have only /v0, no versions, or its API in the address [CA-4]', async () => {
    const old = await served({ root: '/v0', hasVersions: false });
    expect((await open(old.url).search(['stones'], 5)).servers).toHaveLength(1);
    expect(await open(old.url).versions('io.github.meadow/weather')).toHaveLength(3);
    const fixture = await served({ root: '/mcp/v0.1' });
    for (const at of [`${fixture.url}/mcp`, `${fixture.url}/mcp/v0.1`, `${fixture.url}/mcp/v0.1/servers`])
      expect((await open(at).search(['stones'], 5)).servers).toHaveLength(1);
  });

  it('is known by the last part of a name where only one has it [CA-4]', async () => {
    const fixture = await served();
    expect(names(await open(fixture.url).versions('boats'))).toEqual(['io.github.harbour/boats@3.1.0']);
    await expect(open(fixture.url).versions('weather')).rejects.toThrow(
      /has no single server "weather": there are io\.github\.meadow\/weather, io\.github\.other\/weather\. Give/,
    );
    await expect(open(fixture.url).versions('boat')).rejects.toThrow(
      /no server "boat"; there is io.github.harbour\/boats/,
    );
    await expect(open(fixture.url).versions('com.example/nothing')).rejects.toMatchObject({
      code: 'REGISTRY_SERVER_UNKNOWN',
    });
  });

  it('costs one entry where one cannot be read, and says which [CA-4]', async () => {
    const fixture = await served({ entries: [...registryEntries(), { server: { name: 'a.b/c', version: 1 } }, 'x'] });
    const { servers, faults } = await open(fixture.url).search([], 100);
    expect(servers).toHaveLength(9);
    expect(faults).toEqual([
      'servers[9] (a.b/c): description: is missing',
      'servers[9] (a.b/c): version: must be text',
      'servers[10]: must be a mapping of keys to values',
    ]);
    await expect(open(fixture.url).versions('a.b/c')).rejects.toThrow(
      /no server "a\.b\/c" that can be read: .*description: is missing; .*version: must be text/,
    );
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['an error', (response) => response.writeHead(503).end(), /answers with status 503/],
    ['no API', (response) => response.writeHead(404).end(), /no registry API below it/],
    ['a page for people', (response) => response.end('<html>'), /not valid JSON/],
    ['something else', (response) => response.end('{"ok": true}'), /neither servers nor the name of one/],
    ['a cut connection', (response) => response.destroy(), /cannot be read: /],
    [
      'too much',
      (response) => response.writeHead(200, { 'content-length': String(64 * 1024 * 1024) }).write('{'),
      /larger than 33554432 bytes/,
    ],
  ])('that answers with %s is told so [CA-4]', async (_, instead, said) => {
    const fixture = await served({ instead: (response) => void instead(response) });
    await expect(open(fixture.url).search([], 5)).rejects.toThrow(said);
  });

  it('that goes round in circles comes to an end [CA-4]', async () => {
    const page = { servers: [entry('a.b/c')], metadata: { nextCursor: 'again' } };
    const fixture = await served({ instead: (response) => response.end(JSON.stringify(page)) });
    const { servers, more } = await open(fixture.url).search([], 5);
    expect({ servers: names(servers), more }).toEqual({ servers: ['a.b/c@1.0.0'], more: false });
    expect(fixture.requests).toHaveLength(2);
    let at = 0;
    const endless = await served({
      instead: (response) => response.end(JSON.stringify({ servers: [], metadata: { nextCursor: `${at++}` } })),
    });
    expect(await open(endless.url).search([], 5)).toMatchObject({ servers: [], more: true });
    expect(endless.requests).toHaveLength(40);
  });
});

describe('a document', () => {
  it('is one server, a list of them, or what an API answers, in a file or at an address [CA-4]', async () => {
    const fixture = await served();
    const one = entry('a.b/c');
    for (const [at, count] of [
      [registryFile, 9],
      [`${fixture.url}/servers.json`, 9],
      [written('one.json', one), 1],
      [written('response.json', { server: one, _meta: {} }), 1],
      [written('list.json', [one, entry('a.b/d'), { server: entry('a.b/e') }]), 3],
    ] as const)
      expect((await open(at).search([], 50)).servers).toHaveLength(count);
    expect(await open('servers.json', join(registryFile, '..')).versions('io.github.meadow/weather')).toHaveLength(3);
    expect(await open(registryFile).search(['WEATHER', 'planets'], 50)).toMatchObject({
      servers: [{ name: 'io.github.other/weather' }],
    });
    expect(await open(registryFile).search([], 2)).toMatchObject({ more: true, servers: { length: 2 } });
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing to read', '', /not valid JSON/],
    ['no servers', { hello: 1 }, /neither servers nor the name of one/],
    ['a number', '7', /neither servers nor the name of one/],
    [
      'a server with faults',
      { name: 'weather', description: '', packages: {} },
      /name: must be namespace\/name, .*; description: must have at least 1 characters; version: is missing; packages: must be a list/,
    ],
  ])('with %s is told so [CA-4]', async (_, content, said) => {
    const file = written('document.json', content);
    await expect(open(file).search([], 5)).rejects.toMatchObject({ code: 'REGISTRY_UNREADABLE' });
    await expect(open(file).search([], 5)).rejects.toThrow(said);
  });

  it('that is not there is told so, without what stands in its address [CA-4]', async () => {
    const fixture = await served();
    await expect(open('/nowhere/servers.json').search([], 5)).rejects.toThrow('the file cannot be read (ENOENT)');
    const error = await open(`${fixture.url}/other.json?token=hush`).search([], 5).catch(String);
    expect(error).toMatch(/status 404/);
    expect(error).not.toContain('hush');
    expect(() => open('http://')).toThrow('its address is not a URL');
  });
});
