// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the file's references look like placeholders
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsSecret as secret, settingsWorld as world, yamlWorld as yaml } from '../../test/settings.ts';
import { withPort } from './assemble.ts';
import { packageRoot } from './environment.ts';
import { settingOptions } from './options.ts';

describe('settings', () => {
  it('may come from a file that is written later [SP-3]', async () => {
    const { cwd, load } = world({ 'other.yaml': '' });
    expect((await load()).sources).toContain(join(cwd, 'fairlead.yaml'));
    expect((await load({ flags: { config: 'other.yaml' } })).sources).toEqual([join(cwd, 'other.yaml')]);
  });

  it('take a section with nothing in it as one that is not there [SP-3]', async () => {
    const { settings } = await yaml('server:\nupstreams:\n  # notes: {command: notes}\n').load();
    expect(settings).toMatchObject({ port: 7300, upstreams: {} });
  });

  it('serve the first run on loopback when nothing is set [SP-3]', async () => {
    const { cwd, load } = world();
    const { settings, warnings, sources } = await load();
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      port: 7300,
      publicUrl: 'http://127.0.0.1:7300',
      publicUrlGiven: false,
      dataDir: join(cwd, '.fairlead'),
      configFile: join(packageRoot, 'examples/first-run/fairlead.yaml'),
      trustedProxies: [],
      logLevel: 'info',
      allowAnonymous: false,
      maxBodyBytes: 4 * 1024 * 1024,
    });
    expect(Object.keys(settings.upstreams)).toEqual(['everything', 'files', 'memory', 'thinking']);
    expect(settings.upstreams.memory).toMatchObject({
      env: { MEMORY_FILE_PATH: join(cwd, '.fairlead', 'first-run-memory.jsonl') },
    });
    expect(warnings).toEqual([]);
    expect(sources).toEqual([join(cwd, 'fairlead.yaml'), settings.configFile]);
  });

  it('can each be given in the environment, by its documented name [SP-3]', async () => {
    const { cwd, load } = world({ 'key.txt': `${secret}\n`, 'other.yaml': '' });
    const { settings } = await load({
      env: {
        FAIRLEAD_HOST: '127.0.0.2',
        FAIRLEAD_PORT: '8080',
        FAIRLEAD_PUBLIC_URL: 'https://mcp.example.com/',
        FAIRLEAD_DATA_DIR: 'data',
        FAIRLEAD_CONFIG: 'other.yaml',
        FAIRLEAD_SECRET_FILE: 'key.txt',
        FAIRLEAD_ADMIN_KEY: 'k'.repeat(32),
        FAIRLEAD_ALLOWED_HOSTS: 'mcp.example.com, localhost',
        FAIRLEAD_ALLOWED_ORIGINS: 'https://app.example.com',
        FAIRLEAD_TRUSTED_PROXIES: '10.0.0.1,10.1.0.0/16',
        DATABASE_URL: 'postgres://u:p@db/main',
        REDIS_URL: 'rediss://cache:6379',
        FAIRLEAD_LOG_LEVEL: 'debug',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      },
    });
    expect(settings).toMatchObject({
      host: '127.0.0.2',
      port: 8080,
      publicUrl: 'https://mcp.example.com',
      publicUrlGiven: true,
      dataDir: join(cwd, 'data'),
      configFile: join(cwd, 'other.yaml'),
      secret,
      adminKey: 'k'.repeat(32),
      allowedHosts: ['mcp.example.com', 'localhost'],
      allowedOrigins: ['https://app.example.com'],
      trustedProxies: ['10.0.0.1', '10.1.0.0/16'],
      databaseUrl: 'postgres://u:p@db/main',
      redisUrl: 'rediss://cache:6379',
      logLevel: 'debug',
      otlpEndpoint: 'http://collector:4318',
    });
    expect(existsSync(join(cwd, 'data', 'secret'))).toBe(false);
    const direct = await load({ env: { FAIRLEAD_SECRET: secret, FAIRLEAD_PORT: '' } });
    expect(direct.settings).toMatchObject({ secret, port: 7300 });
  });

  it('of a flag beat those of the environment, and these the file [SP-3]', async () => {
    const { cwd, load } = world({
      'f.yaml': 'server: { host: 127.0.0.4, port: 1111, logLevel: warn, environment: prod, dataDir: of-file }',
    });
    const { settings } = await load({
      env: { FAIRLEAD_CONFIG: 'missing.yaml', FAIRLEAD_HOST: '127.0.0.3', FAIRLEAD_PORT: '2222' },
      flags: { config: 'f.yaml', port: '3333', 'allow-anonymous': true, logLevel: undefined },
    });
    expect(settings).toMatchObject({
      host: '127.0.0.3',
      port: 3333,
      logLevel: 'warn',
      environment: 'prod',
      dataDir: join(cwd, 'of-file'),
      allowAnonymous: true,
    });
    const camel = await load({ flags: { dataDir: 'of-flag', publicUrl: 'https://x.example', secretFile: undefined } });
    expect(camel.settings).toMatchObject({ dataDir: join(cwd, 'of-flag'), publicUrl: 'https://x.example' });
  });

  it('are never secret on the command line, which shows in process lists [SP-3]', async () => {
    const flags = settingOptions.map((option) => option.flag);
    expect(flags).not.toContain('admin-key');
    expect(flags).not.toContain('secret');
    const { faults } = world();
    const found = await faults({
      flags: { 'database-url': 'postgres://u:hunter2@db/x' },
      env: { FAIRLEAD_SECRET: secret },
    });
    expect(found).toEqual([expect.stringContaining('--database-url: must not hold a password')]);
    expect(found.join()).not.toContain('hunter2');
  });

  it('name relative paths from the place where they are written [SP-3]', async () => {
    const { cwd, load } = world({
      'etc/fairlead.yaml':
        'server: { dataDir: ../var }\npolicies: { folder: rules }\nupstreams:\n  a: { command: x }\n  b: { command: x, cwd: sub }\n',
      'etc/rules/a.cedar': '',
    });
    const { settings } = await load({ flags: { config: 'etc/fairlead.yaml' } });
    expect(settings.baseDir).toBe(join(cwd, 'etc'));
    expect(settings.dataDir).toBe(join(cwd, 'var'));
    expect(settings.policies.folder).toBe(join(cwd, 'etc', 'rules'));
    expect(settings.upstreams).toMatchObject({ a: { cwd: join(cwd, 'etc') }, b: { cwd: join(cwd, 'etc', 'sub') } });
  });

  it('answer the public host, loopback names and their own origin by default [SP-3]', async () => {
    const { load } = world();
    const open = await load({ env: { FAIRLEAD_HOST: '0.0.0.0', FAIRLEAD_PUBLIC_URL: 'https://mcp.example.com' } });
    expect(open.settings.allowedHosts).toEqual(['mcp.example.com', 'localhost', '127.0.0.1', '[::1]']);
    expect(open.settings.allowedOrigins).toEqual(['https://mcp.example.com']);
    const v6 = await load({ env: { FAIRLEAD_HOST: '::1' } });
    expect(v6.settings.publicUrl).toBe('http://[::1]:7300');
    expect(v6.settings.allowedOrigins).toContain('http://localhost:7300');
  });

  it('name the port that was given where 0 was asked for, but for what was said outright [SP-3]', async () => {
    const { load } = world();
    const on4711 = async (env: Record<string, string>) => {
      const { publicUrl, allowedOrigins } = withPort(
        (await load({ env: { FAIRLEAD_PORT: '0', ...env } })).settings,
        4711,
      );
      return { publicUrl, allowedOrigins };
    };
    const local = ['http://127.0.0.1:4711', 'http://localhost:4711', 'http://[::1]:4711'];
    expect(await on4711({})).toEqual({ publicUrl: 'http://127.0.0.1:4711', allowedOrigins: local });
    const behind = await on4711({ FAIRLEAD_PUBLIC_URL: 'https://mcp.example.com' });
    expect(behind.publicUrl).toBe('https://mcp.example.com');
    expect(behind.allowedOrigins).toEqual(expect.arrayContaining(['https://mcp.example.com', ...local]));
    const said = await on4711({ FAIRLEAD_ALLOWED_ORIGINS: 'https://app.example.com' });
    expect(said.allowedOrigins).toEqual(['https://app.example.com']);
  });
});

describe('the file', () => {
  it('reports all faults at once, each with its place, and never a value [SP-3]', async () => {
    const { faults } = yaml(`
server:
  port: hunter2-port
  prot: 80
  logLevel: hunter2-level
  databaseUrl: "hunter2://u:hunter2@h/db"
  adminKey: hunter2
upstreams:
  good: { command: node }
  Bad_Name: { command: node }
  both: { args: [hunter2] }
  typo: { comand: hunter2 }
  http: { url: "ftp://hunter2", isolatoin: shared, callTimeoutMs: -1 }
  stdio: { command: [hunter2], env: { A: 5 } }
endpoints:
  dev: { naming: hunter2, anonymous: hunter2 }
auth:
  issuers:
    - { issuer: hunter2, audience: 5, claims: { org: [hunter2] } }
unknown: hunter2
`);
    const found = await faults({ env: { FAIRLEAD_PORT: 'hunter2', REDIS_URL: 'hunter2' }, flags: { host: 'a b' } });
    expect(found.join('\n')).not.toMatch(/hunter2|\ba b\b/);
    expect(found).toEqual(
      [
        'FAIRLEAD_PORT: must be a number',
        'REDIS_URL: must be a URL that begins with redis:// or rediss://',
        '--host: must be an address or a host name',
        'server.port (line 3): must be a number',
        'server.databaseUrl (line 6): must be a URL that begins with postgres:// or postgresql://',
        'server.adminKey (line 7): must have at least 32 characters',
        'server.logLevel (line 5): must be one of trace, debug, info, warn, error, silent',
        'server.prot (line 4): is not a known key; did you mean "port"?',
        expect.stringMatching(/^upstreams\.Bad_Name \(line 10\): is not a good name: it must be 1 to 24 lower case/),
        'upstreams.both (line 11): needs one of command, url, openapi',
        'upstreams.typo (line 12): needs one of command, url, openapi',
        'upstreams.typo.comand (line 12): is not a known key; did you mean "command"?',
        'upstreams.http.url (line 13): must be a URL that begins with http:// or https://',
        'upstreams.http.callTimeoutMs (line 13): must be more than 0',
        'upstreams.http.isolatoin (line 13): is not a known key; did you mean "isolation"?',
        'upstreams.stdio.command (line 14): must be text',
        'upstreams.stdio.env.A (line 14): must be text',
        'endpoints.dev.naming (line 16): must be one of prefixed, bare',
        'endpoints.dev.anonymous (line 16): must be one of viewer, developer, operator, admin',
        'auth.issuers[0].audience (line 19): must be text or a list of texts',
        'auth.issuers[0].claims.org (line 19): must be text',
        'auth.issuers[0].issuer (line 19): must be a URL, since its keys are found by it',
        'unknown (line 20): is not a known key',
        'FAIRLEAD_SECRET: is missing; with DATABASE_URL it must be given, the same to every replica',
      ].sort((a, b) => order(found, a) - order(found, b)),
    );
    expect(found).toHaveLength(24);
  });

  it('is refused when it is no good YAML, without a quote of it [SP-3]', async () => {
    const bad: [text: string, fault: RegExp][] = [
      ['server: {port: 1}\nserver: {port: 2}\n', /line 2\): the key stands there already/],
      ['a: "hunter2\n', /line \d\): a character is missing/],
      ['server:\n\tport: hunter2\n', /line 2\): /],
      ['- hunter2\n', /line 1\): must be a mapping/],
      ['hunter2', /line 1\): must be a mapping/],
      ['a: *hunter2\n', /alias/],
      ['a: !hunter2 x\n', /line 1\): a tag/],
      ['a: 1\n---\nb: 2\n', /more than one document/],
      ['upstreams: { a: { command: x, args: [${env:X}] } }\n', /a reference needs quotes/],
      ['upstreams: { __proto__: { command: x } }\n', /__proto__ \(line 1\): is not allowed as a key/],
      [`x: ${'['.repeat(100_000)}`, /yaml/],
      [`a: ${'x'.repeat(1024 * 1024)}`, /larger than 1048576 bytes/],
    ];
    for (const [text, fault] of bad) {
      const found = await yaml(text).faults();
      expect(found[0], text.slice(0, 40)).toMatch(fault);
      expect(found.join()).not.toContain('hunter2');
    }
    expect(await world().faults({ flags: { config: 'nowhere.yaml' } })).toEqual([
      expect.stringMatching(/^--config: .*nowhere\.yaml cannot be read \(ENOENT\)$/),
    ]);
    const { faults } = world();
    expect(await faults({ env: { FAIRLEAD_CONFIG: '.' } })).toEqual([expect.stringMatching(/EISDIR/)]);
  });

  it('with aliases that multiply is refused in time and memory [SP-3]', async () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    const started = performance.now();
    expect(await yaml(bomb.join('\n')).faults()).toEqual([expect.stringMatching(/too many of them/)]);
    expect(performance.now() - started).toBeLessThan(5_000);
    const { settings } = await yaml('upstreams:\n  a: &a { command: x }\n  b: *a\n').load();
    expect(Object.keys(settings.upstreams)).toEqual(['a', 'b']);
  });

  it('may be empty [SP-3]', async () => {
    const { settings } = await yaml('# nothing yet\n').load();
    expect(settings.upstreams).toEqual({});
  });

  it('takes values from variables, files and the data folder [SP-3]', async () => {
    const { cwd, load } = world({
      'fairlead.yaml': [
        'server: { port: "${env:PORT}", adminKey: "${file:keys/admin}", dataDir: "${env:DATA}" }',
        'development: ${env:DEV}',
        'upstreams:',
        '  a:',
        '    command: x',
        '    callTimeoutMs: ${env:TIMEOUT}',
        '    args: ["--token=${env:TOKEN}&again=${env:TOKEN}", "$${env:TOKEN}", "${HOME}", "$5", "${data:a/b.db}"]',
        '    env: { PIN: "${env:PIN}" }',
      ].join('\n'),
      'keys/admin': `${'k'.repeat(40)}\r\n`,
    });
    const { settings, sources } = await load({
      env: { PORT: '81', TOKEN: 't${env:PORT}', PIN: '0123', TIMEOUT: '250', DEV: 'true', DATA: 'd' },
    });
    expect(settings).toMatchObject({ port: 81, adminKey: 'k'.repeat(40), development: true, dataDir: join(cwd, 'd') });
    expect(settings.upstreams.a).toMatchObject({
      callTimeoutMs: 250,
      args: ['--token=t${env:PORT}&again=t${env:PORT}', '${env:TOKEN}', '${HOME}', '$5', join(cwd, 'd', 'a', 'b.db')],
      env: { PIN: '0123' },
    });
    expect(sources).toEqual([join(cwd, 'fairlead.yaml'), join(cwd, 'keys', 'admin')]);
  });

  it('names every reference that leads nowhere [SP-3]', async () => {
    const { faults } = yaml(
      'server:\n  adminKey: ${env:NOPE}\n  dataDir: x${data:y}\nupstreams:\n  a:\n    command: ${file:nope}\n    args: ["${foo:x}", "${data:../up}", "${file:.}"]\n',
    );
    expect((await faults()).sort()).toEqual([
      'server.adminKey (line 2): the environment has no NOPE',
      'server.dataDir (line 3): the data folder cannot be named by itself',
      'upstreams.a.args[0] (line 7): ${foo:...} is no reference; there are env, file, data and vault ($${ writes a plain ${)',
      'upstreams.a.args[1] (line 7): must stay in the data folder',
      'upstreams.a.args[2] (line 7): . is no file',
      'upstreams.a.command (line 6): nope cannot be read (ENOENT)',
    ]);
  });

  it('is checked as a whole [SP-3]', async () => {
    const { faults } = yaml(`
server:
  trustedProxies: [10.0.0.0/8, proxy.example]
  allowedOrigins: ["https://a.example", "https://a.example/path", "*"]
  tls: { cert: nope.pem, key: nope.key, requireClientCert: true }
endpoints:
  open: { anonymous: viewer }
policies: { folder: nowhere }
auth:
  issuers:
    - { issuer: one, sharedSecret: "${secret}", algorithms: [HS256] }
    - { issuer: one, algorithms: [HS256, none], jwksUri: "http://keys.example/jwks" }
    - { issuer: not a url }
    - { issuer: "http://127.0.0.1:9000" }
`);
    expect((await faults({ env: { FAIRLEAD_HOST: '0.0.0.0' } })).sort()).toEqual([
      'auth.issuers[0].sharedSecret (line 11): is for development: it needs development: true',
      'auth.issuers[1].algorithms (line 12): names a shared-secret algorithm without a sharedSecret',
      'auth.issuers[1].algorithms[1] (line 12): must not be none: such tokens are signed by nobody',
      'auth.issuers[1].issuer (line 12): stands there twice',
      'auth.issuers[1].jwksUri (line 12): must be https: whoever changes the keys on the way is let in',
      'auth.issuers[2].issuer (line 13): must be a URL, since its keys are found by it',
      'endpoints.open.anonymous (line 7): lets anybody in who can reach this address; listen on loopback, or start with --allow-anonymous',
      'policies.folder (line 8): cannot be read (ENOENT)',
      'server.allowedOrigins[1] (line 4): must be an origin such as https://app.example.com, without a path',
      'server.tls.cert (line 5): the file cannot be read (ENOENT)',
      'server.tls.clientCa (line 5): is missing: requireClientCert needs it',
      'server.tls.key (line 5): the file cannot be read (ENOENT)',
      'server.trustedProxies[1] (line 3): must be an IP address or a CIDR range',
    ]);
  });

  it('has its sound sections checked although another one is faulty [SP-3]', async () => {
    const { faults } = yaml(
      'projections: 5\nauth: { issuers: [{ issuer: "https://a.example", algorithms: [none] }] }\n',
    );
    expect((await faults()).sort()).toEqual([
      expect.stringContaining('auth.issuers[0].algorithms[0] (line 2): must not be none'),
      'projections (line 1): must be a mapping of keys to values',
    ]);
  });

  it('lets anonymous callers in on loopback, or where the command line says so [SP-4]', async () => {
    const { load, faults } = yaml('endpoints: { open: { anonymous: viewer } }');
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) {
      expect((await load({ env: { FAIRLEAD_HOST: host } })).settings.endpoints.open?.anonymous).toBe('viewer');
    }
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'mcp.example.com', 'localhost.example.com']) {
      expect(await faults({ env: { FAIRLEAD_HOST: host } }), host).toHaveLength(1);
    }
    await load({ env: { FAIRLEAD_HOST: '0.0.0.0' }, flags: { allowAnonymous: true } });
    expect(await faults({ env: { FAIRLEAD_HOST: '0.0.0.0', FAIRLEAD_ALLOW_ANONYMOUS: 'true' } })).toHaveLength(1);
  });

  it('warns of what is likely a mistake but may be meant [SP-3]', async () => {
    const { load } = yaml(
      'upstreams: { files: { command: x } }\nendpoints: { dev: { toolsets: [files, fiels, jira] } }',
    );
    const { warnings } = await load({
      env: { FAIRLEAD_PROT: '1', FAIRLEAD_URL: 'http://x', FAIRLEAD_HOST: '0.0.0.0' },
    });
    expect(warnings).toEqual([
      'endpoints.dev names the toolset fiels, which the file does not declare; did you mean "files"?',
      'endpoints.dev names the toolset jira, which the file does not declare',
      expect.stringContaining('FAIRLEAD_PUBLIC_URL is not set'),
      'the environment variable FAIRLEAD_PROT is no setting; did you mean "FAIRLEAD_PORT"?',
    ]);
    const knowledge = yaml(`knowledge:
  collections: { docs: { sources: { here: { folder: . }, gone: { folder: nowhere }, site: { web: 'https://a.example' } } } }
  search: { decompose: model }
`);
    expect((await knowledge.load()).warnings).toEqual([
      'knowledge.collections.docs.sources.gone: nowhere cannot be read (ENOENT)',
      expect.stringContaining('models.chat is not set'),
    ]);
    const { warnings: plain } = await load({
      env: { FAIRLEAD_HOST: '0.0.0.0', FAIRLEAD_PUBLIC_URL: 'http://mcp.example.com' },
    });
    expect(plain.at(-1)).toContain('unencrypted');
  });
});

describe('the secret', () => {
  it.skipIf(process.platform !== 'linux')('and all the rest need a data folder that can be made [SP-3]', async () => {
    const { faults } = world({ file: '' });
    // Where a new folder is refused as if the one above were missing, Node's own way tries for ever.
    for (const dataDir of ['/proc/fairlead', '/proc/fairlead/data', 'file', 'file/data']) {
      expect(await faults({ flags: { dataDir } })).toEqual([expect.stringContaining('cannot be made')]);
    }
  });

  it('is never made anew beside a database that was used with another [SP-3]', async () => {
    const { cwd, faults } = world({ '.fairlead/db/PG_VERSION': '18' });
    expect(await faults()).toEqual([expect.stringContaining('not the secret that it was used with')]);
    expect(existsSync(join(cwd, '.fairlead', 'secret'))).toBe(false);
  });

  it('is made once in the data folder, for its owner only [SP-3]', async () => {
    const { cwd, load } = world();
    const file = join(cwd, '.fairlead', 'secret');
    const many = await Promise.all(Array.from({ length: 8 }, () => load()));
    const secrets = new Set(many.map(({ settings }) => settings.secret));
    expect(secrets.size).toBe(1);
    const [made] = secrets;
    expect(Buffer.byteLength(made ?? '')).toBeGreaterThanOrEqual(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(readFileSync(file, 'utf8').trim()).toBe(made);
    expect((await load()).settings.secret).toBe(made);
  });

  it('is closed to others, with a warning, when it was open to them [SP-3]', async () => {
    const { cwd, load } = world({ '.fairlead/secret': secret });
    const file = join(cwd, '.fairlead', 'secret');
    chmodSync(file, 0o644);
    const { settings, warnings } = await load();
    expect(settings.secret).toBe(secret);
    expect(warnings).toEqual([expect.stringContaining('could be read by others')]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is required with a database that replicas share [SP-3]', async () => {
    const { faults, load } = world({ '.fairlead/secret': secret });
    const env = { DATABASE_URL: 'postgres://db/main' };
    expect(await faults({ env })).toEqual([expect.stringMatching(/^FAIRLEAD_SECRET: is missing/)]);
    await load({ env: { ...env, FAIRLEAD_SECRET: secret } });
  });

  it('must be long enough, stand in one place only, and is never shown [SP-3]', async () => {
    const { faults, load } = world({
      short: 'hunter2',
      long: secret,
      'both.yaml': `server: { secret: "${secret}", secretFile: long }`,
      'file.yaml': 'server: { secretFile: long }',
    });
    expect(await faults({ env: { FAIRLEAD_SECRET: 'hunter2' } })).toEqual([
      'FAIRLEAD_SECRET: must have at least 32 bytes',
    ]);
    expect(await faults({ env: { FAIRLEAD_SECRET: secret, FAIRLEAD_SECRET_FILE: 'long' } })).toEqual([
      'FAIRLEAD_SECRET and FAIRLEAD_SECRET_FILE: give only one',
    ]);
    expect(await faults({ flags: { config: 'both.yaml' } })).toEqual([
      'server.secret and server.secretFile: give only one',
    ]);
    expect(await faults({ flags: { 'secret-file': 'short' } })).toEqual([
      '--secret-file: the file holds less than 32 bytes',
    ]);
    expect(await faults({ env: { FAIRLEAD_SECRET_FILE: 'nope' } })).toEqual([
      'FAIRLEAD_SECRET_FILE: the file cannot be read (ENOENT)',
    ]);
    const other = 'x'.repeat(32);
    const { settings } = await load({ env: { FAIRLEAD_SECRET: other }, flags: { 'secret-file': 'long' } });
    expect(settings.secret).toBe(secret);
    expect((await load({ flags: { config: 'file.yaml' } })).settings.secret).toBe(secret);
    expect((await load({ env: { FAIRLEAD_SECRET: 'ü'.repeat(16) } })).settings.secret).toHaveLength(16);
  });

  it('and its folder are not made by who only looks [SP-3]', async () => {
    const { cwd, load } = world();
    const { settings } = await load({ prepare: false });
    expect(settings.secret).toBeUndefined();
    expect(existsSync(join(cwd, '.fairlead'))).toBe(false);
  });
});

function order(list: readonly string[], entry: unknown): number {
  return list.findIndex((each) =>
    typeof entry === 'string'
      ? each === entry
      : (entry as { asymmetricMatch(value: unknown): boolean }).asymmetricMatch(each),
  );
}
