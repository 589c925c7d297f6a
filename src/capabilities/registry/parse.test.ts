import { describe, expect, it } from 'vitest';
import { registryEntries } from '../../../test/fixtures/servers/registry.ts';
import { offersOf } from './offers.ts';
import { readListing } from './parse.ts';
import { compareVersions, newestFirst } from './versions.ts';

const base = { name: 'io.github.me/thing', description: 'A thing', version: '1.0.0' };
const stdio = { type: 'stdio' };
const npm = { registryType: 'npm', identifier: 'thing', version: '1.0.0', transport: stdio };

function offers(server: Record<string, unknown>) {
  const listing = readListing({ ...base, ...server });
  const [only] = listing?.servers ?? [];
  if (!only) throw new Error(listing?.faults.join('; '));
  return offersOf(only);
}
const reasons = (server: Record<string, unknown>) => offers(server).map(({ reason }) => reason);

describe('a server.json', () => {
  it('is read as the format has it, with what its registry says [CA-4]', () => {
    const listing = readListing({ servers: registryEntries(), metadata: { nextCursor: 'more' } });
    expect(listing).toMatchObject({ faults: [], nextCursor: 'more' });
    expect(listing?.servers).toHaveLength(registryEntries().length);
    expect(listing?.servers.find(({ name }) => name.endsWith('/lantern'))).toMatchObject({
      status: 'deprecated',
      statusMessage: 'Use io.github.attic/lamp',
      isLatest: true,
    });
  });

  it('costs one package where one is not as the format has it, and says why [CA-4]', () => {
    const [good, bad, worse] = reasons({
      packages: [
        npm,
        {
          ...npm,
          identifier: undefined,
          fileSha256: 'x',
          environmentVariables: [{ name: '-e' }],
          packageArguments: [{ type: 'named' }, { type: 'positional' }, { type: 'flag' }],
        },
        { ...npm, transport: { type: 'sse' } },
      ],
      remotes: ['nothing', { type: 'websocket', url: 'wss://a.example' }],
    });
    expect(good).toBeUndefined();
    expect(bad).toContain('identifier: is missing');
    expect(bad).toContain('fileSha256: must be a SHA-256');
    expect(bad).toContain('environmentVariables[0].name: must be the name of a variable');
    expect(bad).toContain('packageArguments[0].name: is missing');
    expect(bad).toContain('packageArguments[1].valueHint: is missing, and so is value');
    expect(bad).toContain('packageArguments[2].type: must be one of positional, named');
    expect(worse).toContain('transport.url: is missing');
    const [, remote] = offers({ remotes: ['nothing', { type: 'websocket', url: 'wss://a.example' }] });
    expect(remote).toMatchObject({ label: 'websocket wss://a.example', number: 2 });
    expect(remote?.reason).toContain('type: must be one of streamable-http, sse');
  });

  it('may not name variables and files of a server, nor hold control characters [CA-4]', () => {
    expect(
      reasons({
        packages: [
          { ...npm, environmentVariables: [{ name: 'A', value: `x \${env:DATABASE_URL}` }] },
          { ...npm, packageArguments: [{ type: 'positional', valueHint: 'x', default: `\${file:/etc/passwd}` }] },
          { ...npm, environmentVariables: [{ name: 'A', description: `Two\nlines, and \${HOME}`, value: `\${HOME}` }] },
        ],
        remotes: [{ type: 'sse', url: 'https://a.example', headers: [{ name: 'A', value: 'x\r\nCookie: y' }] }],
      }),
    ).toEqual([
      expect.stringContaining('environmentVariables[0].value: holds a reference'),
      expect.stringContaining('packageArguments[0].default: holds a reference'),
      undefined,
      expect.stringContaining('headers[0].value: holds control characters'),
    ]);
  });

  it('of a newer format is read as far as it is known, of an older one says what to do [CA-4]', () => {
    const newer = readListing({
      ...base,
      $schema: 'https://static.modelcontextprotocol.io/schemas/2027-01-01/server.schema.json',
      packages: [{ ...npm, postInstallInstructions: [{ description: 'Wait' }], transport: { ...stdio, speed: 3 } }],
      remotes: null,
      repository: {},
      quality: 'high',
    });
    expect(newer?.servers[0]).toMatchObject({ newerSchema: '2027-01-01', packages: [{ value: npm }], remotes: [] });
    expect(reasons({ packages: [{ registry_type: 'npm', identifier: 'thing' }], status: 'deprecated' })).toEqual([
      expect.stringContaining('as before September 2025'),
    ]);
    expect(readListing({ ...base, status: 'deprecated' })?.servers[0]?.status).toBe('deprecated');
    expect(
      readListing({ server: base, _meta: { 'io.modelcontextprotocol.registry/official': 7 } })?.servers[0],
    ).toMatchObject({
      status: 'active',
    });
  });

  it('has its versions in the order of their numbers [CA-4]', () => {
    const ordered = ['2.0.0', '1.10.0', '1.9.0', '1.9.0-rc.10', '1.9.0-rc.2', '1.9.0-beta', '1.0', '0.9'];
    expect([...ordered].reverse().sort((a, b) => compareVersions(b, a))).toEqual(ordered);
    expect(compareVersions('v1.2.0', '1.2+build')).toBe(0);
    const listed = readListing([base, { ...base, version: '0.9.0' }])?.servers ?? [];
    const flagged = listed.map((each) => ({ ...each, isLatest: each.version === '0.9.0' }));
    expect(newestFirst(flagged).map(({ version }) => version)).toEqual(['0.9.0', '1.0.0']);
  });
});

describe('a package', () => {
  it.each<[string, Record<string, unknown>, RegExp | undefined]>([
    ['named as an option', { identifier: '--package=evil' }, /no name of such a package/],
    ['at an address', { identifier: 'github:evil/thing' }, /no name of such a package/],
    ['in a folder', { identifier: '../thing' }, /no name of such a package/],
    ['with a scope', { identifier: '@me/thing' }, undefined],
    ['with a range of versions', { version: '^1.0.0' }, /not one version/],
    ['with an open version', { version: '1.x' }, /not one version/],
    ['of another place', { registryBaseUrl: 'https://npm.evil.example' }, /comes from https:\/\/npm.evil.example/],
    ['of the usual place', { registryBaseUrl: 'https://registry.npmjs.org/' }, undefined],
    ['run by a shell', { runtimeHint: 'sh' }, /wants to be run by "sh"; such packages are run by npx or bunx/],
    ['run by a thing of every object', { runtimeHint: 'constructor' }, /wants to be run by "constructor"/],
    ['of an unknown registry', { registryType: 'brew' }, /how a package of "brew" is run/],
    ['of a thing of every object', { registryType: 'constructor' }, /how a package of "constructor" is run/],
    ['of a python registry', { registryType: 'pypi', identifier: 'thing[extra]' }, /no name/],
    ['of a container registry', { registryType: 'oci', identifier: '--privileged' }, /no name/],
    ['of a .NET registry', { registryType: 'nuget', identifier: '-x' }, /no name/],
  ])('%s is judged before it is run [CA-4]', (_, more, said) => {
    const [reason] = reasons({ packages: [{ ...npm, ...more }] });
    if (said) expect(reason).toMatch(said);
    else expect(reason).toBeUndefined();
  });
});
