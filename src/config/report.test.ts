// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the file's references look like placeholders
import { describe, expect, it } from 'vitest';
import { settingsSecret as secret, settingsWorld as world, yamlWorld as yaml } from '../../test/settings.ts';
import { ConfigInvalid } from './errors.ts';
import type { LoadOptions } from './load.ts';

describe('faulty settings', () => {
  it('hides no fault behind another one of the same section [SP-3]', async () => {
    const { faults } = yaml(`
server:
  prot: hunter2
  port: hunter2
  host: 0.0.0.0
  allowedHosts: [5, "https://hunter2.example"]
  trustedProxies: [10.0.0.0/8, 5, hunter2, "127.1"]
  allowedOrigins: [5, "https://a.example/hunter2"]
  secretFile: hunter2.txt
  tls: { cert: 5, key: hunter2.pem, sert: x, requireClientCert: true }
upstreams:
  fairlead: { url: 5, retries: 9 }
  Bad_Name: { comand: hunter2, callTimeoutMs: -1 }
  none: 5
endpoints:
  open: { anonymous: viewer, naming: hunter2, nmaing: bare }
  Bad_Name: { anonymous: viewer, toolsets: [Bad_Name] }
auth:
  isuers: []
  issuers:
    - { issuer: 5, sharedSecret: "${secret}", jwksUri: "ftp://hunter2", algorithms: [none, hunter2] }
    - { issuer: one, algorithms: [HS256], clockSkewSeconds: 999, jwksUri: "http://hunter2.example/jwks" }
    - { issuer: one, jwks: hunter2 }
    - hunter2
    - { issuer: two, algorithms: [], roleMap: { a: hunter2 } }
policies: { folder: hunter2, shiped: true, shipped: hunter2 }
egress: { alow: [], allow: [10.0.0.0/99, ok.example, "*.example.com", "http://hunter2"] }
audit: { durability: hunter2, queueSize: 0 }
`);
    const found = await faults();
    expect(found.join('\n').replace(/hunter2\.(txt|pem)/g, '')).not.toContain('hunter2');
    expect(found.sort()).toEqual([
      'audit.durability (line 28): must be one of file, database',
      'audit.queueSize (line 28): must be more than 0',
      'auth.issuers[0].algorithms[0] (line 21): must not be none: such tokens are signed by nobody',
      'auth.issuers[0].algorithms[1] (line 21): is no signature that is known here, such as ES256',
      'auth.issuers[0].issuer (line 21): must be text',
      'auth.issuers[0].jwksUri (line 21): must be a URL that begins with http:// or https://',
      'auth.issuers[0].jwksUri (line 21): stands beside a sharedSecret; only one can count',
      'auth.issuers[0].sharedSecret (line 21): is for development: it needs development: true',
      'auth.issuers[1].algorithms (line 22): names a shared-secret algorithm without a sharedSecret',
      'auth.issuers[1].clockSkewSeconds (line 22): must be at most 300',
      'auth.issuers[1].jwksUri (line 22): must be https: whoever changes the keys on the way is let in',
      'auth.issuers[2].issuer (line 23): must be a URL, since its keys are found by it',
      'auth.issuers[2].issuer (line 23): stands there twice',
      'auth.issuers[2].jwks (line 23): is not a known key',
      'auth.issuers[3] (line 24): must be a mapping of keys to values',
      'auth.issuers[4].algorithms (line 25): must have at least 1 entries',
      'auth.issuers[4].issuer (line 25): must be a URL, since its keys are found by it',
      'auth.issuers[4].roleMap.a (line 25): must be one of viewer, developer, operator, admin',
      'auth.isuers (line 19): is not a known key; did you mean "issuers"?',
      'egress.allow[0] (line 27): must be a host name, an address or a CIDR range',
      'egress.allow[3] (line 27): must be a host name, an address or a CIDR range',
      'egress.alow (line 27): is not a known key; did you mean "allow"?',
      'endpoints.Bad_Name (line 17): is not a good name: it must be lower case letters, digits and dashes',
      expect.stringMatching(/^endpoints\.Bad_Name\.anonymous \(line 17\): lets anybody in/),
      'endpoints.Bad_Name.toolsets[0] (line 17): must be 1 to 24 lower case letters, digits and dashes',
      expect.stringMatching(/^endpoints\.open\.anonymous \(line 16\): lets anybody in/),
      'endpoints.open.naming (line 16): must be one of prefixed, bare',
      'endpoints.open.nmaing (line 16): is not a known key; did you mean "naming"?',
      'policies.folder (line 26): cannot be read (ENOENT)',
      'policies.shiped (line 26): is not a known key; did you mean "shipped"?',
      'policies.shipped (line 26): must be true or false',
      'server.allowedHosts[0] (line 6): must be text',
      'server.allowedHosts[1] (line 6): must be a host name, without scheme and path',
      'server.allowedOrigins[0] (line 8): must be text',
      'server.allowedOrigins[1] (line 8): must be an origin such as https://app.example.com, without a path',
      'server.port (line 4): must be a number',
      'server.prot (line 3): is not a known key; did you mean "port"?',
      'server.secretFile: the file cannot be read (ENOENT)',
      'server.tls.cert (line 10): must be text',
      'server.tls.clientCa (line 10): is missing: requireClientCert needs it',
      'server.tls.key (line 10): the file cannot be read (ENOENT)',
      'server.tls.sert (line 10): is not a known key; did you mean "cert"?',
      'server.trustedProxies[1] (line 7): must be text',
      'server.trustedProxies[2] (line 7): must be an IP address or a CIDR range',
      'server.trustedProxies[3] (line 7): must be an IP address or a CIDR range',
      'upstreams.Bad_Name (line 13): is not a good name: it must be 1 to 24 lower case letters, digits and dashes',
      'upstreams.Bad_Name (line 13): needs one of command, url, openapi',
      'upstreams.Bad_Name.callTimeoutMs (line 13): must be more than 0',
      'upstreams.Bad_Name.comand (line 13): is not a known key; did you mean "command"?',
      "upstreams.fairlead (line 12): is not a good name: it is that of Fairlead's own toolset; take another",
      'upstreams.fairlead.retries (line 12): must be at most 5',
      'upstreams.fairlead.url (line 12): must be text',
      'upstreams.none (line 14): must be a mapping of keys to values',
    ]);
  });

  it('tells those of file, environment and flags together, each by the name it was given under [SP-3]', async () => {
    const { faults } = yaml(
      'server: { prot: 1, drainMs: 0, logLevel: hunter2 }\nendpoints: { open: { anonymous: admin } }',
    );
    const found = await faults({
      env: {
        FAIRLEAD_HOST: '0.0.0.0',
        FAIRLEAD_PORT: '70000',
        FAIRLEAD_PUBLIC_URL: 'hunter2.example',
        FAIRLEAD_ADMIN_KEY: 'hunter2',
        FAIRLEAD_TRUSTED_PROXIES: '10.0.0.1, hunter2',
        FAIRLEAD_SECRET: 'hunter2',
        DATABASE_URL: 'mysql://hunter2',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'hunter2:4318',
      },
      flags: {
        port: '1e3',
        'redis-url': 'redis://u:hunter2@cache',
        allowedHosts: 'a.example,http://hunter2.example',
        allowedOrigins: 'https://hunter2.example/path',
        'log-level': true,
        'data-dir': '',
      },
    });
    expect(found.join('\n')).not.toContain('hunter2');
    expect(found.sort()).toEqual([
      '--allowed-hosts[1]: must be a host name, without scheme and path',
      '--allowed-origins[0]: must be an origin such as https://app.example.com, without a path',
      '--data-dir: must have at least 1 characters',
      '--log-level: needs a value',
      '--port: must be a number',
      '--redis-url: must not hold a password, since command lines show in process lists; use REDIS_URL',
      'DATABASE_URL: must be a URL that begins with postgres:// or postgresql://',
      'FAIRLEAD_ADMIN_KEY: must have at least 32 characters',
      'FAIRLEAD_PORT: must be at most 65535',
      'FAIRLEAD_PUBLIC_URL: must be a URL that begins with http:// or https://',
      'FAIRLEAD_SECRET: must have at least 32 bytes',
      'FAIRLEAD_TRUSTED_PROXIES[1]: must be an IP address or a CIDR range',
      'OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL that begins with http:// or https://',
      expect.stringMatching(/^endpoints\.open\.anonymous \(line 2\): lets anybody in/),
      'server.drainMs (line 1): must be more than 0',
      'server.logLevel (line 1): must be one of trace, debug, info, warn, error, silent',
      'server.prot (line 1): is not a known key; did you mean "port"?',
    ]);
  });

  it('has no fault invented that only follows from another one [SP-3]', async () => {
    const database = { DATABASE_URL: 'postgres://db/main' };
    const open = 'endpoints: { open: { anonymous: viewer } }';
    const shared = `issuers: [{ issuer: one, sharedSecret: "${secret}", algorithms: [HS256] }]`;
    const cases: [text: string, env: Record<string, string>, faults: unknown[], flags?: LoadOptions['flags']][] = [
      ['server: { secretFile: 5 }', database, ['server.secretFile (line 1): must be text']],
      ['server: { secret: "${env:NOPE}" }', database, ['server.secret (line 1): the environment has no NOPE']],
      [`server: { secret: "${secret}", prot: 1 }`, database, [expect.stringMatching(/^server\.prot /)]],
      ['server: 5', database, ['server (line 1): must be a mapping of keys to values']],
      ['a: "', database, [expect.stringMatching(/line 1\): a character is missing/)]],
      ['', database, ['--secret-file: needs a value'], { 'secret-file': true }],
      ['', { ...database, FAIRLEAD_CONFIG: 'nowhere' }, [expect.stringMatching(/^FAIRLEAD_CONFIG: .*ENOENT/)]],
      [`server: { host: 5 }\n${open}`, {}, ['server.host (line 1): must be text']],
      [
        `server: { host: 0.0.0.0 }\n${open}`,
        { FAIRLEAD_HOST: 'a:b' },
        [expect.stringMatching(/^FAIRLEAD_HOST: must be/)],
      ],
      [`development: maybe\nauth: { ${shared} }`, {}, ['development (line 1): must be true or false']],
      [
        'auth: { issuers: [{ issuer: one, jwksUri: 5 }, { issuer: two, sharedSecret: 5, algorithms: [HS256] }] }\ndevelopment: true',
        {},
        ['auth.issuers[0].jwksUri (line 1): must be text', 'auth.issuers[1].sharedSecret (line 1): must be text'],
      ],
      [
        'auth: { issuers: [{ issuer: "https://${env:NOPE}/x" }] }',
        {},
        ['auth.issuers[0].issuer (line 1): the environment has no NOPE'],
      ],
      [
        'server: { tls: { cert: "${file:nope}", key: "${env:NOPE}", clientCa: 5, requireClientCert: true } }',
        {},
        [
          'server.tls.cert (line 1): nope cannot be read (ENOENT)',
          'server.tls.clientCa (line 1): must be text',
          'server.tls.key (line 1): the environment has no NOPE',
        ],
      ],
      [
        'upstreams: { a: { command: "${file:nope}" } }',
        {},
        ['upstreams.a.command (line 1): nope cannot be read (ENOENT)'],
      ],
    ];
    for (const [text, env, expected, flags = {}] of cases) {
      expect((await yaml(text).faults({ env, flags })).sort(), text).toEqual(expected);
    }
  });

  it('tells an address that beats a faulty one of the file like any other [SP-3]', async () => {
    const { faults } = yaml('server: { host: 5 }\nendpoints: { open: { anonymous: viewer } }');
    expect(await faults({ env: { FAIRLEAD_HOST: '127.0.0.1' } })).toEqual(['server.host (line 1): must be text']);
    expect(await faults({ env: { FAIRLEAD_HOST: '0.0.0.0' } })).toHaveLength(2);
    expect(await faults({ env: { FAIRLEAD_HOST: 'a b' }, flags: { host: '0.0.0.0' } })).toHaveLength(3);
  });

  it('takes any address that can be listened on, and none that cannot [SP-3]', async () => {
    const { load, faults } = world();
    for (const host of ['::1', '[::1]', '0.0.0.0', '::', '*', 'mcp.example.com', 'localhost']) {
      await load({ flags: { host } });
    }
    for (const host of ['a:b', 'a/b', 'me@a', 'a?b', 'a#b', '[::', 'a b', '::1:']) {
      expect(await faults({ flags: { host } }), host).toEqual(['--host: must be an address or a host name']);
    }
  });

  it('hears what the parts of the server say of the sound rest, and tells it with its own [SP-3]', async () => {
    const { faults, load } = yaml('server: { prot: 1, environment: prod }\nprojections: { a.b: { c: 5, d: /d } }');
    const further: LoadOptions['further'] = async ({ environment, projections }, isSound) => [
      `${environment} ${JSON.stringify(projections)}`,
      ...['server', 'server.environment', 'server.prot', 'projections', 'projections.a', 'policies'].map(
        (path) => `${path} ${isSound(path.split('.'))}`,
      ),
    ];
    expect(await faults({ further })).toEqual([
      'server.prot (line 1): is not a known key; did you mean "port"?',
      'projections.a.b.c (line 2): must be text',
      'prod {"a.b":{"d":"/d"}}',
      'server false',
      'server.environment true',
      'server.prot false',
      'projections false',
      'projections.a true',
      'policies true',
    ]);
    await expect(load({ further: async () => [] })).rejects.toSatisfy(ConfigInvalid.is);
  });
});
