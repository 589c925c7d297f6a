import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../src/config/index.ts';
import { serveHttpFixture } from '../fixtures/servers/http.ts';
import { type RegistryFixture, registryEntries, registryFile, serveRegistry } from '../fixtures/servers/registry.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-catalog-'));
const { PATH = '' } = process.env;
let fairlead: Fairlead;
let strict: Fairlead;
let registry: RegistryFixture;
let web: Awaited<ReturnType<typeof serveHttpFixture>>;

const secret = 'the-secret-of-this-test';

/** Stands where uvx would: notes what it was started with, and is a server that needs no download. */
function placeRunner(): void {
  const server = join(packageRoot, 'test/fixtures/servers/stdio.ts');
  const lines = [
    '#!/bin/sh',
    `printf '%s\\n' "$@" > '${join(folder, 'started')}'`,
    `printf '%s' "$LEDGER_KEY" > '${join(folder, 'key')}'`,
    `exec '${process.execPath}' '${server}' both`,
  ];
  writeFileSync(join(folder, 'uvx'), `${lines.join('\n')}\n`);
  chmodSync(join(folder, 'uvx'), 0o755);
}

beforeAll(async () => {
  placeRunner();
  process.env.PATH = `${folder}${delimiter}${PATH}`; // whoever runs a server has the runners on its path
  web = await serveHttpFixture('both');
  const own = {
    server: {
      name: 'com.example/local',
      description: 'A remote on this machine',
      version: '1.0.0',
      remotes: [
        {
          type: 'streamable-http',
          url: web.url,
          headers: [
            { name: 'X-Plan', default: 'free', choices: ['free', 'paid'] },
            {
              name: 'Authorization',
              value: 'Bearer {token}',
              variables: { token: { isRequired: true, isSecret: true } },
            },
          ],
        },
      ],
    },
  };
  const books = {
    server: {
      name: 'io.github.orchard/books',
      description: 'A package that runs here',
      version: '0.5.0',
      packages: [
        {
          registryType: 'pypi',
          identifier: 'orchard-books',
          version: '0.5.0',
          transport: { type: 'stdio' },
          packageArguments: [{ type: 'positional', valueHint: 'year', isRequired: true }],
          environmentVariables: [{ name: 'LEDGER_KEY', isRequired: true, isSecret: true, description: 'Key' }],
        },
      ],
    },
  };
  registry = await serveRegistry({
    entries: [...registryEntries(), own, books, { server: { name: 'a.b/broken' } }],
    pageSize: 3,
  });
  fairlead = await startFairlead({ config: { allowRuntimeStdio: true, egress: { allow: ['127.0.0.1'] } } });
  strict = await startFairlead();
  writeFileSync(join(folder, 'fairlead.yaml'), `registry:\n  url: ${registry.url}\n`);
  writeFileSync(join(folder, 'key-file'), `${secret}\n`);
});
afterAll(async () => {
  process.env.PATH = PATH;
  await fairlead?.stop();
  await strict?.stop();
  await registry?.stop();
  await web?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (args: readonly string[], { on = fairlead, input = '' } = {}) =>
  run(['catalog', ...args], { cwd: folder, input, env: { FAIRLEAD_URL: on.url, FAIRLEAD_KEY: on.adminKey } });

async function toolsOf(toolset: string): Promise<string[]> {
  for (let tries = 0; tries < 200; tries++) {
    const { stdout } = await run(['tools', 'list', '--toolset', toolset, '--json'], {
      env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey },
    });
    const ids = stdout.startsWith('{') ? (JSON.parse(stdout).tools as { id: string }[]).map(({ id }) => id) : [];
    if (ids.length > 0) return ids;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [];
}

describe('catalog search', () => {
  it('looks in the registry of fairlead.yaml, page by page [CA-4] [SP-20]', async () => {
    const { code, stdout, stderr } = await cli(['search', 'boats']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^NAME +VERSION +BY +DESCRIPTION\nio\.github\.harbour\/boats +3\.1\.0 +oci +Boats in a harbour/,
    );
    const { servers } = JSON.parse((await cli(['search', '--json'])).stdout);
    expect(servers).toHaveLength(11);
    expect(servers.find(({ name }: { name: string }) => name.endsWith('/brush')).ways[0]).toMatchObject({
      kind: 'package',
      number: 1,
      reason: expect.stringContaining('MCP bundle'),
    });
  });

  it('says what is left out, what more there is, and that nothing fits [CA-4] [SP-20]', async () => {
    const all = await cli(['search']);
    expect(all.stdout).toMatch(/io\.github\.attic\/lantern +0\.9\.5 \(deprecated\)/);
    expect(all.stdout).not.toContain('broom');
    expect(all.stderr).toContain('(a.b/broken): description: is missing');
    expect((await cli(['search', '--limit', '2'])).stderr).toContain('has more');
    expect((await cli(['search', 'submarines'])).stdout).toBe('Nothing there has all of these words.\n');
    expect((await cli(['search', 'planets', '--registry', registryFile])).stdout).toContain('io.github.other/weather');
    const none = await cli(['search', '--registry', 'http://127.0.0.1:9']);
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toMatch(/The registry http:\/\/127\.0\.0\.1:9\/? cannot be read/);
  });

  it('says what is wrong with the registry of the settings, whatever else they hold [CA-4] [SP-3]', async () => {
    const other = mkdtempSync(join(tmpdir(), 'fairlead-cli-registry-'));
    writeFileSync(
      join(other, 'fairlead.yaml'),
      `registry: { url: "ftp://x", speed: 3 }\nupstreams: { a: { url: "\${env:NO}" } }\n`,
    );
    const wrong = await run(['catalog', 'search'], { cwd: other });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/registry\.url \(line 1\): must be a URL/);
    expect(wrong.stderr).toMatch(/registry\.speed \(line 1\): is not a known key/);
    writeFileSync(
      join(other, 'fairlead.yaml'),
      `registry: { url: "\${env:REGISTRY}" }\nupstreams: { a: { url: "\${env:NO}" } }\n`,
    );
    expect((await run(['catalog', 'search'], { cwd: other })).stderr).toContain('the environment has no REGISTRY');
    const env = { REGISTRY: registry.url };
    expect((await run(['catalog', 'search', 'stones'], { cwd: other, env })).stdout).toContain('quarry/stones');
    rmSync(other, { recursive: true, force: true });
  });
});

describe('catalog show', () => {
  it('shows packages, remotes, what they ask for and what is secret [CA-4] [SP-20]', async () => {
    const { code, stdout } = await cli(['show', 'io.github.meadow/weather']);
    expect(code).toBe(0);
    for (const line of [
      /^version +1\.10\.0$/m,
      /^versions +1\.10\.0, 1\.9\.0, 1\.8\.0 \(deleted\)$/m,
      /^repository +https:\/\/github\.com\/meadow\/weather mcp$/m,
      /^package 1 {2}npm @meadow\/weather-mcp@1\.10\.0\n {2}transport: stdio$/m,
      /^WEATHER_API_KEY\* +environment +secret +Key of the forecast service; such as wk_\.\.\.$/m,
      /^units +argument +- +one of metric, imperial; default metric$/m,
      /^npx fairlead catalog add io\.github\.meadow\/weather --dry-run$/m,
    ])
      expect(stdout).toMatch(line);
    const crm = (await cli(['show', 'crm', '--registry', registryFile])).stdout;
    expect(crm).toMatch(/^remote 3 .*\n {2}not to be used: the secret secret_path would stand in the path/m);
    expect(crm).toContain(`npx fairlead catalog add com.example/crm --remote 1 --registry ${registryFile} --dry-run`);
  });

  it('shows another version, and the state that the registry gives it [CA-4] [SP-20]', async () => {
    const json = JSON.parse((await cli(['show', 'io.github.meadow/weather', '--version', '1.8.0', '--json'])).stdout);
    expect(json).toMatchObject({ version: '1.8.0', status: 'deleted', statusMessage: 'It leaked keys' });
    expect(json.ways[0].asks[0]).toMatchObject({ name: 'WEATHER_API_KEY', isSecret: true, isRequired: true });
    expect((await cli(['show', 'broom'])).stdout).toMatch(/^status +deleted$/m);
    const unknown = await cli(['show', 'io.github.meadow/weather', '--version', '7']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('There is 1.10.0, 1.9.0, 1.8.0.') });
    const brush = (await cli(['show', 'brush'])).stdout;
    expect(brush).toContain('SHA-256 of its file: fe333e598595000ae021bd27117db32ec69af6987f507ba7a63c90638ff633ce');
  });
});

describe('catalog add', () => {
  it('adds a package, which runs with its secret in the environment, in quarantine [CA-4] [SP-9]', async () => {
    const added = await cli(['add', 'books', '--value', 'year=2026', '--value', `LEDGER_KEY=\${file:key-file}`]);
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('Added io.github.orchard/books 0.5.0 as the upstream books');
    expect(added.stdout).toContain('npx fairlead tools review books');
    for (let tries = 0; tries < 200; tries++) {
      const { stdout } = await run(['upstreams', 'list', '--json'], {
        env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey },
      });
      if (stdout.includes('"state":"live"')) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(readFileSync(join(folder, 'started'), 'utf8')).toBe('orchard-books@0.5.0\n2026\n');
    expect(readFileSync(join(folder, 'key'), 'utf8')).toBe(secret);
    const kept = await (await fairlead.request('/api/v1/upstreams/books')).text();
    expect(kept).not.toContain(secret);
    expect(JSON.parse(kept).settings).toMatchObject({ command: 'uvx', env: { LEDGER_KEY: '***' } });
    const { tools } = await (await fairlead.request('/api/v1/tools?toolset=books')).json();
    expect(tools).toEqual([]); // in quarantine
  });

  it('adds a remote with its headers, trusted where that is said, and its tools can be called [CA-4] [SP-9]', async () => {
    const values = JSON.stringify({ token: secret });
    const args = ['add', 'com.example/local', '--as', 'nearby', '--trust', '--values-file', '-', '--json'];
    const added = await cli(args, { input: values });
    expect(added).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Take care: its address has no TLS: .*\n$/),
    });
    expect(JSON.parse(added.stdout)).toMatchObject({ name: 'nearby', transport: 'http' });
    expect(added.stdout).not.toContain(secret);
    expect(await toolsOf('nearby')).toContain('nearby.echo');
    const called = await run(['call', 'nearby.echo', 'text=hello'], {
      env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey },
    });
    expect(called.stdout).toBe('hello\n');
    const { headers } = web.requests.at(-1) ?? {};
    expect(headers).toMatchObject({ authorization: `Bearer ${secret}`, 'x-plan': 'free' });
  });

  it('prints what would stand in fairlead.yaml, which is one that Fairlead takes [CA-4] [SP-3]', async () => {
    const { code, stdout, stderr } = await cli([
      ...['add', 'io.github.meadow/weather', '--as', 'sky', '--dry-run'],
      ...['--value', 'place=Rome', 'place=Oslo', '--value', 'WEATHER_API_KEY=plainly-written'],
    ]);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('plainly-written');
    expect(stderr).toContain('WEATHER_API_KEY is a secret, and a command line shows in process lists');
    expect(stderr).toContain('To be set in the environment of the server: WEATHER_API_KEY.');
    expect(parse(stdout)).toEqual({
      upstreams: {
        sky: {
          command: 'npx',
          args: [
            ...['-y', '--loglevel=error', '@meadow/weather-mcp@1.10.0', 'serve', 'Rome', 'Oslo'],
            ...['--units=metric', '--quiet'],
          ],
          env: { WEATHER_API_KEY: `\${env:WEATHER_API_KEY}`, WEATHER_LANGUAGE: 'en' },
          trust: 'review',
          annotations: 'ignore',
        },
      },
    });
    const other = mkdtempSync(join(tmpdir(), 'fairlead-cli-dry-'));
    writeFileSync(join(other, 'fairlead.yaml'), stdout);
    const checked = await run(['config', 'check'], { cwd: other, env: { HOME: other, WEATHER_API_KEY: 'x' } });
    rmSync(other, { recursive: true, force: true });
    expect(checked.stdout).toMatch(/The settings are valid.*upstreams: 1/);
    const json = JSON.parse((await cli(['add', 'stones', '--dry-run', '--json'])).stdout);
    expect(json).toMatchObject({ name: 'stones', settings: { command: 'dnx' }, variables: [] });
  });

  it('says what to write into the file where no program may be added [CA-4] [SP-20]', async () => {
    const { code, stderr, stdout } = await cli(['add', 'stones'], { on: strict });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('set allowRuntimeStdio: true');
    expect(stderr).toContain('In fairlead.yaml:\n\nupstreams:\n  stones:\n    command: dnx\n');
  });

  it('lists all that is missing, and all that is wrong with the command line [CA-4] [SP-20]', async () => {
    const missing = await cli(['add', 'boats', '--package', '1', '--value', 'HARBOUR_NAME=']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(
      /cannot be added like this:\n {2}- HARBOUR_NAME is missing.*\n {2}- token is missing, a secret in the environment: Token of the harbour\n {2}- source is missing, .*\nGive values with --value/,
    );
    writeFileSync(join(folder, 'bad.json'), '{"a": {"b": 1}}');
    for (const [args, said] of [
      [['boats'], /in several ways\.\nChoose one:\n {2}--package 1 {2}oci ghcr/],
      [['boats', '--package', '9'], /has no package 9/],
      [['boats', '--package', '1', '--remote', '1'], /a package or a remote/],
      [['a-b/42', '--registry', 'numbers.json'], /Give one with --as/],
      [['a-b/none', '--registry', 'numbers.json'], /names no package and no remote/],
      [['stones', '--value', 'x'], /--value NAME=VALUE/],
      [['stones', '--value', `x=\${file:missing}`], /The file missing cannot be read \(ENOENT\)/],
      [['stones', '--values-file', 'missing.json'], /cannot be read: ENOENT/],
      [['stones', '--values-file', 'bad.json'], /The value of a in bad\.json must be text/],
    ] as const) {
      const packages = [{ registryType: 'npm', identifier: 'x', version: '1.0.0', transport: { type: 'stdio' } }];
      const numbers = ['a-b/42', 'a-b/none'].map((name) => ({
        ...{ name, description: 'x', version: '1' },
        ...(name === 'a-b/42' ? { packages } : {}),
      }));
      writeFileSync(join(folder, 'numbers.json'), JSON.stringify(numbers));
      const { code, stderr } = await cli(['add', ...args]);
      expect(stderr).toMatch(said);
      expect(code).toBe(2);
    }
    for (const input of ['[1]', 'nonsense']) {
      const { stderr } = await cli(['add', 'stones', '--values-file', '-'], { input });
      expect(stderr).toMatch(/The values in - (must be a JSON object|cannot be read: not valid JSON)/);
    }
    const unusable = await cli(['add', 'brush', '--package', '1']);
    expect(unusable).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be put behind Fairlead') });
    expect((await cli(['add', 'io.github.attic/broom'])).stderr).toContain('was deleted from its registry');
    const taken = await cli(['add', 'stones', '--as', 'nearby']);
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('nearby') });
  });
});
