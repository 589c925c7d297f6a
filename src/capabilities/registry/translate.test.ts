import { describe, expect, it } from 'vitest';
import { registryEntries } from '../../../test/fixtures/servers/registry.ts';
import type { Given } from './inputs.ts';
import { offersOf } from './offers.ts';
import { readListing } from './parse.ts';
import { cautionsFor, toolsetFor, translate, wantedBy } from './settings.ts';

const listed = readListing({ servers: registryEntries() })?.servers ?? [];
const stdio = { type: 'stdio' };

type Way = { kind?: 'package' | 'remote'; number?: number; version?: string };

function find(name: string, { kind = 'package', number = 1, version }: Way = {}) {
  const server = listed.find((each) => each.name.endsWith(name) && (version === undefined || each.version === version));
  const offer = server && offersOf(server).find((each) => each.kind === kind && each.number === number);
  if (!server || !offer) throw new Error(`no ${kind} ${number} of ${name}`);
  return { server, offer };
}

function one(server: Record<string, unknown>, kind: 'package' | 'remote' = 'package') {
  const [read] =
    readListing({ name: 'io.github.me/thing', description: 'A thing', version: '1.0.0', ...server })?.servers ?? [];
  const offer = read && offersOf(read).find((each) => each.kind === kind);
  if (!read || !offer) throw new Error('it cannot be read');
  return { server: read, offer };
}

const values = (given: Record<string, string | string[]>): Given =>
  new Map(Object.entries(given).map(([name, value]) => [name, [value].flat().map((text) => ({ text }))]));

const made = (
  { server, offer }: ReturnType<typeof find>,
  given: Record<string, string | string[]> = {},
  later = false,
) => translate(server, offer, values(given), { secretsLater: later });

function faults(found: ReturnType<typeof find>, given: Record<string, string | string[]> = {}): string[] {
  try {
    made(found, given);
  } catch (error) {
    return String((error as Error).message)
      .split('\n  - ')
      .slice(1);
  }
  return [];
}

describe('a package becomes a program', () => {
  it('of npm by npx, with arguments and environment as the document says [CA-4]', () => {
    const { settings, shown, variables } = made(find('meadow/weather'), {
      place: ['Rome', 'Oslo'],
      units: 'imperial',
      WEATHER_API_KEY: 'wk_very-secret',
      WEATHER_CACHE: '',
    });
    expect(settings).toEqual({
      command: 'npx',
      args: [
        ...['-y', '--loglevel=error', '@meadow/weather-mcp@1.10.0'],
        ...['serve', 'Rome', 'Oslo', '--units=imperial', '--quiet'],
      ],
      env: { WEATHER_API_KEY: 'wk_very-secret', WEATHER_LANGUAGE: 'en' },
    });
    expect(shown).toMatchObject({ env: { WEATHER_API_KEY: `\${env:WEATHER_API_KEY}`, WEATHER_LANGUAGE: 'en' } });
    expect(variables).toEqual(['WEATHER_API_KEY']);
  });

  it('of PyPI by uvx, of NuGet by dnx [CA-4]', () => {
    expect(made(find('ledger'), { tenant: 'north' }).settings).toEqual({
      command: 'uvx',
      args: ['orchard-ledger@0.5.0'],
      env: { LEDGER_URL: 'https://north.ledger.example.com' },
    });
    expect(made(find('stones')).settings).toEqual({
      command: 'dnx',
      args: ['Quarry.Stones@0.4.0-beta', '--yes', '--', 'mcp', 'start'],
    });
  });

  it('of a container registry by docker, whose variables are not on its command line [CA-4]', () => {
    const { settings } = made(find('boats'), {
      token: 'hush-hush',
      HARBOUR_NAME: 'north',
      source: ['/a', '/b'],
    });
    expect(settings).toEqual({
      command: 'docker',
      args: [
        ...['run', '-i', '--rm', '--network=host'],
        ...['--mount=type=bind,src=/a,dst=/boats', '--mount=type=bind,src=/b,dst=/boats'],
        ...['-e', 'HARBOUR_NAME', '-e', 'HARBOUR_TOKEN', 'ghcr.io/harbour/boats:3.1.0', '--mode=stdio'],
      ],
      env: { HARBOUR_NAME: 'north', HARBOUR_TOKEN: 'hush-hush' },
    });
    expect(made(find('boats', { number: 2 })).settings).toMatchObject({
      args: ['run', '-i', '--rm', 'quay.io/harbour/boats:latest-ish'],
    });
  });

  it.each<[Record<string, unknown>, string[]]>([
    [{ registryType: 'npm', runtimeHint: 'bunx' }, ['bunx', 'thing@1.0.0']],
    [{ registryType: 'npm', runtimeArguments: [{ type: 'named', name: '--yes' }] }, ['npx', '--yes', 'thing@1.0.0']],
    [{ registryType: 'npm', version: undefined }, ['npx', '-y', 'thing']],
    [{ registryType: 'pypi', runtimeHint: 'pipx' }, ['pipx', 'run', 'thing==1.0.0']],
    [{ registryType: 'pypi' }, ['uvx', 'thing@1.0.0']],
    [{ registryType: 'nuget', runtimeArguments: [{ type: 'named', name: '--yes' }] }, ['dnx', 'thing@1.0.0', '--yes']],
    [
      { registryType: 'oci', runtimeHint: 'podman', runtimeArguments: [{ type: 'positional', value: 'run' }] },
      ['podman', 'run', '-i', '--rm', 'thing:1.0.0'],
    ],
    [
      { registryType: 'npm', packageArguments: [{ type: 'named', name: '-p', value: '80' }] },
      ['npx', '-y', 'thing@1.0.0', '-p', '80'],
    ],
  ])('%j by %j [CA-4]', (pkg, line) => {
    const found = one({ packages: [{ identifier: 'thing', version: '1.0.0', transport: stdio, ...pkg }] });
    const { command, args } = made(found).settings as { command: string; args: string[] };
    expect([command, ...args]).toEqual(line);
  });

  it('not where Fairlead cannot run it, with the reason [CA-4]', () => {
    for (const [number, said] of [
      [1, /Fairlead does not do; get https:.*brush\.mcpb, compare its SHA-256 with fe333e59/],
      [2, /cargo install studio-brush@1\.0\.2/],
      [3, /how a package of "go" is run is not known here/],
      [4, /reached over streamable-http at http:\/\/127\.0\.0\.1/],
    ] as const)
      expect(() => made(find('brush', { number }))).toThrow(said);
    expect(() => made(find('attic/broom'))).toThrow(/deleted from its registry/);
    expect(() => made(find('meadow/weather', { version: '1.8.0' }))).toThrow(/\(It leaked keys\)/);
    expect(() => made(find('vault/keys'), { 'api-key': 'x' })).toThrow(
      /its api-key is a secret that it wants on its command/,
    );
  });
});

describe('a remote becomes an address', () => {
  it('with its variables and headers [CA-4]', () => {
    const { settings, shown, variables } = made(find('crm', { kind: 'remote' }), {
      tenant: 'acme',
      access_key: 'a&b=c d',
      token: `\${env:CRM_TOKEN}`,
      'X-Trace': 'true',
    });
    expect(settings).toEqual({
      url: 'https://acme.crm.example.com/mcp?region=eu&key=a%26b%3Dc%20d',
      headers: { Authorization: `Bearer \${env:CRM_TOKEN}`, 'X-Trace': 'true' },
      transport: 'http',
    });
    expect(shown).toMatchObject({ url: `https://acme.crm.example.com/mcp?region=eu&key=\${env:ACCESS_KEY}` });
    expect(variables).toEqual(['ACCESS_KEY']);
    expect(made(find('crm', { kind: 'remote', number: 2 }), { 'X-API-Key': 'k' }).settings).toEqual({
      url: 'https://old.crm.example.com/sse',
      headers: { 'X-API-Key': 'k' },
      transport: 'sse',
    });
  });

  it('never with a secret in its path, nor where nothing says what it is [CA-4]', () => {
    expect(() => made(find('crm', { kind: 'remote', number: 3 }), { secret_path: 'x' })).toThrow(/in the path of its/);
    const remote = (url: string, variables = {}) => one({ remotes: [{ type: 'sse', url, variables }] }, 'remote');
    expect(faults(remote('https://{host}.example.com'))).toEqual([expect.stringContaining('the address holds {host}')]);
    expect(faults(remote('{base}/mcp', { base: {} }), { base: 'nowhere' })).toEqual([
      'the address that comes of it is not one of http or https',
    ]);
    expect(made(remote('{base}/mcp', { base: {} }), { base: 'https://a.example' }).settings).toMatchObject({
      url: 'https://a.example/mcp',
    });
    expect(faults(remote('{base}/mcp', { base: {} }))).toEqual(['base is missing, in the address']);
    expect(made(remote('https://a.example/{v}', { v: { value: '2' } })).settings.url).toBe('https://a.example/2');
    expect(offersOf(remote('ftp://a.example').server)[0]?.reason).toContain('not one of http or https');
  });

  it('with a caution where what is sent can be read on the way [CA-4]', () => {
    const headers = [{ name: 'A', value: 'b' }];
    const plain = one({ remotes: [{ type: 'sse', url: 'http://a.example', headers }] }, 'remote');
    expect(made(plain).cautions).toEqual([expect.stringContaining('no TLS')]);
  });
});

describe('what is asked for', () => {
  it('is told all at once when it is missing, with what its publisher says of it [CA-4]', () => {
    expect(faults(find('meadow/weather'))).toEqual([
      'WEATHER_API_KEY is missing, a secret in the environment: Key of the forecast service (such as wk_...)',
      'place is missing, on the command line: Where the forecast is for',
    ]);
    expect(faults(find('crm', { kind: 'remote' }))).toEqual([
      'token is missing, a secret in a header: Token',
      'tenant is missing, in the address: Your tenant',
      'access_key is missing, a secret in the address',
    ]);
  });

  it('is held against what is given, without telling it [CA-4]', () => {
    const wrong = faults(find('meadow/weather'), {
      ...{ place: 'Rome', units: 'kelvin', timeout: 'soon', WEATHER_LANGUAGE: ['en', 'de'] },
      ...{ WEATHER_API_KEY: '', NONSENSE: 'x' },
    });
    expect(wrong).toEqual([
      expect.stringMatching(/^NONSENSE: is not asked for; there is WEATHER_API_KEY, WEATHER_LANGUAGE, /),
      expect.stringContaining('WEATHER_API_KEY is missing'),
      'WEATHER_LANGUAGE: may be given once only',
      'units: must be one of metric, imperial',
      'timeout: must be a number',
    ]);
    expect(
      faults(find('crm', { kind: 'remote' }), { token: 't', tenant: 'a', access_key: 'k', 'X-Trace': 'maybe' }),
    ).toEqual(['X-Trace: must be true or false']);
    expect(faults(find('stones'), { x: 'y' })).toEqual(['x: is not asked for; nothing is']);
  });

  it('may be a secret that is set later, where only the settings are wanted [CA-4]', () => {
    const { settings, variables } = made(find('meadow/weather'), { place: 'Rome' }, true);
    expect(settings.env).toMatchObject({ WEATHER_API_KEY: `\${env:WEATHER_API_KEY}` });
    expect(variables).toEqual(['WEATHER_API_KEY']);
    expect(() => made(find('boats'), {}, true)).toThrow(/HARBOUR_NAME is missing.*\n.*source is missing/);
  });

  it('counts as a secret also where its publisher forgot to say so, but for arguments [CA-4]', () => {
    const { offer, server } = one({
      packages: [
        {
          ...{ registryType: 'npm', identifier: 'thing', version: '1.0.0', transport: stdio },
          environmentVariables: [{ name: 'THING_TOKEN' }, { name: 'THING_PLACE' }],
          packageArguments: [
            { type: 'named', name: '--token-limit', description: 'How many' },
            { type: 'named', name: '--api-key', description: 'Key', isSecret: true },
          ],
        },
      ],
    });
    expect(wantedBy(offer).map(({ name, isSecret }) => `${name} ${isSecret}`)).toEqual([
      'THING_TOKEN true',
      'THING_PLACE false',
      'token-limit false',
      'api-key true',
    ]);
    const { shown } = made({ offer, server }, { THING_TOKEN: 'hush', THING_PLACE: 'here', 'token-limit': '3' });
    expect(shown).toEqual({
      command: 'npx',
      args: ['-y', 'thing@1.0.0', '--token-limit=3'],
      env: { THING_TOKEN: `\${env:THING_TOKEN}`, THING_PLACE: 'here' },
    });
    expect(faults({ offer, server }, { 'api-key': 'hush' })).toEqual([
      expect.stringMatching(/^api-key: .*leave it out$/),
    ]);
  });

  it('shows the reference that a value was read from [CA-4]', () => {
    const { server, offer } = find('meadow/weather');
    const given: Given = new Map([
      ['WEATHER_API_KEY', [{ text: 'hush', reference: `\${file:key}` }]],
      ['place', [{ text: '' }]],
    ]);
    const { settings, shown, variables } = translate(server, offer, given);
    expect(settings.env).toMatchObject({ WEATHER_API_KEY: 'hush' });
    expect(shown.env).toMatchObject({ WEATHER_API_KEY: `\${file:key}` });
    expect(variables).toEqual([]);
  });
});

describe('somebody who adds it', () => {
  it('is told of what is not pinned, not checked, or opens a container [CA-4]', () => {
    expect(made(find('lantern')).cautions).toEqual([
      'its registry calls it deprecated: Use io.github.attic/lamp',
      'attic-lantern is not pinned to a version: what runs may change without notice',
    ]);
    expect(made(find('ledger'), { tenant: 'x' }).cautions).toEqual([expect.stringContaining('is not checked by what')]);
    expect(cautionsFor(find('boats').offer)).toEqual([expect.stringContaining('--network host, --mount type=bind')]);
    const cautions = (pkg: object) => cautionsFor(one({ packages: [{ transport: stdio, ...pkg }] }).offer);
    expect(cautions({ registryType: 'oci', identifier: 'a/b:latest' })).toHaveLength(1);
    expect(cautions({ registryType: 'oci', identifier: 'a/b' })).toHaveLength(1);
    expect(cautions({ registryType: 'oci', identifier: `a/b@sha256:${'0'.repeat(64)}` })).toEqual([]);
    expect(cautions({ registryType: 'oci', identifier: 'localhost:5000/a/b:1.2' })).toEqual([]);
    expect(cautions({ registryType: 'npm', identifier: 'a', version: 'latest' })).toHaveLength(1);
    const newer = { $schema: 'https://static.modelcontextprotocol.io/schemas/2027-01-01/server.schema.json' };
    const packages = [{ registryType: 'npm', identifier: 'a', version: '1.0.0', transport: stdio }];
    expect(made(one({ ...newer, packages })).cautions).toEqual([expect.stringContaining('2027-01-01, newer')]);
  });

  it.each([
    ['io.github.meadow/weather', 'weather'],
    ['com.example/CRM_Server.v2', 'crm-server-v2'],
    ['a.b/2fa-an-extremely-long-name-of-a-server', 'fa-an-extremely-long-nam'],
    ['a.b/42', undefined],
  ])('gets %s under the name %s [CA-4]', (name, toolset) => {
    expect(toolsetFor(name)).toBe(toolset);
  });
});
