import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseFor, fixtureUpstream } from '../harness.ts';
import { run, runProgram, type Started, startProgram, temporaryHome } from './run.ts';

let home: ReturnType<typeof temporaryHome>;
let data: string;
let running: Started[] = [];

beforeEach(() => {
  home = temporaryHome();
  data = join(home.home, 'data');
  writeFileSync(join(home.home, 'fairlead.yaml'), `upstreams: ${JSON.stringify({ fix: fixtureUpstream() })}\n`);
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
  home.remove();
});

function serve(...args: string[]): Started {
  const env = {
    ...home.env,
    FAIRLEAD_DATA_DIR: data,
    FAIRLEAD_LOG_LEVEL: 'info',
  };
  const server = startProgram(['serve', '--port', '0', ...args], { env, cwd: home.home });
  running.push(server);
  return server;
}

const secretText = 'the secret that a server on this data runs under';

function fileOf(name: string, content: string | Buffer): string {
  const file = join(home.home, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const cli = (...args: string[]) => run(args, { env: home.env, cwd: home.home });
const timeout = 240_000;

describe('fairlead serve', () => {
  it('is found by the folder it was started in, also while others run [SP-1] [SP-20]', { timeout }, async () => {
    const folders = ['a', 'b', 'c'].map((name) => join(home.home, name));
    const [a = '', b = '', c = ''] = folders;
    for (const folder of folders) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'fairlead.yaml'), 'upstreams: {}\n');
      await databaseFor(join(folder, '.fairlead'), '');
    }
    const start = async (cwd: string) => {
      const server = startProgram(['serve', '--port', '0'], { env: home.env, cwd });
      running.push(server);
      const [, url = ''] = await server.says(/serves MCP at (http:\S+)\/mcp/);
      await server.says(/npx fairlead connect/);
      await server.says(/ready after/);
      return { server, url };
    };
    const at = (cwd: string, ...args: string[]) => run(args, { env: home.env, cwd });
    const first = await start(a);
    const second = await start(b);

    for (const [cwd, org] of [
      [a, 'of-a'],
      [b, 'of-b'],
    ] as const) {
      expect(await at(cwd, 'orgs', 'create', org)).toMatchObject({ code: 0, stderr: '' });
    }
    expect((await at(a, 'orgs', 'list')).stdout).toContain('of-a');
    expect((await at(a, 'orgs', 'list')).stdout).not.toContain('of-b');
    expect((await at(c, 'orgs', 'list', '--url', second.url)).stdout).toContain('of-b'); // with the key of that one

    const neither = await at(c, 'orgs', 'list');
    expect(neither).toMatchObject({ code: 2, stdout: '' });
    for (const text of [first.url, second.url, join(a, '.fairlead'), join(b, '.fairlead'), 'since 2', '--url']) {
      expect(neither.stderr).toContain(text);
    }
    const bridge = JSON.parse((await at(a, 'connect', 'stdio', '--json')).stdout);
    expect(bridge.clients[0].lines).toContain(join(a, '.fairlead'));

    // What is examined is this folder, whatever runs elsewhere.
    const port = new URL(first.url).port;
    const own = await run(['doctor'], { env: { ...home.env, FAIRLEAD_PORT: port }, cwd: a });
    expect(own.stdout).toContain(`${first.url} is ready`);
    expect(own.stdout).toContain('is taken by the server that runs here');
    const other = await run(['doctor'], { env: { ...home.env, FAIRLEAD_PORT: port }, cwd: c });
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('none runs here');
    expect(other.stdout).toContain(`is taken by your server on another data folder, ${join(a, '.fairlead')}`);

    await second.server.stop();
    expect((await at(a, 'orgs', 'list')).stdout).toContain('of-a'); // its note is not gone with that of the other
    expect(await at(c, 'orgs', 'list')).toMatchObject({ code: 0, stderr: '' });
    const changed = await at(c, 'orgs', 'create', 'from-c');
    expect(changed).toMatchObject({ code: 0, stderr: expect.stringContaining(`${first.url} (data folder`) });
    expect((await at(b, 'stdio', '--data-dir', '.fairlead')).code).toBe(3); // that one and no other

    first.server.child.kill('SIGKILL');
    await first.server.ended;
    expect((await at(a, 'orgs', 'list')).code).toBe(3);
    expect(readdirSync(home.startNotes)).toEqual([]);
  });

  it('closes a data folder that was made open, and says so [SP-19]', { timeout }, async () => {
    for (const [content, mode, said] of [
      [[], 0o700, 'it is closed to them now'],
      [['notes.txt'], 0o755, 'left so since it also holds what is not of Fairlead'],
    ] as const) {
      data = join(home.home, `data-${mode}`);
      await databaseFor(data, '');
      for (const name of content) writeFileSync(join(data, name), '');
      for (const open of [data, join(data, 'db')]) chmodSync(open, 0o755);
      const server = serve();
      await server.says(/ready after/);
      expect(server.stderr()).toContain(said);
      await server.stop();
      const modeOf = (name: string) => statSync(join(data, name)).mode & 0o777;
      expect(modeOf('.')).toBe(mode);
      for (const name of ['db', 'audit']) expect([name, modeOf(name)]).toEqual([name, 0o700]);
      for (const name of ['secret', 'lock']) expect([name, modeOf(name)]).toEqual([name, 0o600]);
    }
  });

  it('says what to do when the port or the data folder is in use [SP-1] [SP-19]', { timeout }, async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const env = { ...home.env, FAIRLEAD_DATA_DIR: data };
    try {
      const taken = await runProgram(['serve', '--port', String(port)], { env, cwd: home.home });
      expect(taken.code).toBe(1);
      expect(taken.stderr).toContain(`127.0.0.1:${port}`);
      expect(taken.stderr).toContain('--port');
    } finally {
      listener.close();
    }

    const first = serve();
    await first.says(/serves MCP at/);
    const second = await runProgram(['serve', '--port', '0'], { env, cwd: home.home });
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('data folder');
    expect(second.stderr).toContain('FAIRLEAD_DATA_DIR');
    expect((await cli('tools', 'list')).code).toBe(0); // the first one goes on, and is still found
  });

  it('names every fault of the settings at once and ends with 2 [SP-3]', async () => {
    writeFileSync(join(home.home, 'fairlead.yaml'), 'server: { port: many }\nupstraems: {}\n');
    const { code, stderr } = await runProgram(['serve'], { env: home.env, cwd: home.home });
    expect(code).toBe(2);
    expect(stderr).toContain('server.port');
    expect(stderr).toContain('upstreams');
    expect(stderr).not.toContain('many');
  });
});

describe('commands without a server', () => {
  const offline = (...args: string[]) => run([...args, '--data-dir', data], { env: home.env, cwd: home.home });

  it('migrate, make a lost admin key, back up and restore [SP-14] [SP-19] [SP-20]', { timeout }, async () => {
    expect((await offline('migrate')).stdout).toMatch(/^applied access\/0001/m);
    expect((await offline('migrate')).stdout).toMatch(/^Nothing to do/);

    const made = await offline('keys', 'create', '--offline', '--json');
    expect(made).toMatchObject({ code: 0 });
    const { secret, key } = JSON.parse(made.stdout);
    expect(key).toMatchObject({ roles: ['admin'], org: 'default' });

    const file = join(home.home, 'fairlead.backup');
    const backup = await offline('backup', file);
    expect(backup).toMatchObject({ code: 0, stderr: '' }); // no progress bar where nobody watches
    expect(backup.stdout).toContain(file);
    const first = readFileSync(file);
    const again = await offline('backup', file);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toBe(
      `${file} is there already.\nGive the name of a new file, or overwrite it with --force.\n`,
    );
    expect(readFileSync(file).equals(first)).toBe(true);
    expect(await offline('backup', file, '--force')).toMatchObject({ code: 0, stderr: '' });
    expect((await offline('restore', file)).code).toBe(1); // it holds rows

    const restored = join(home.home, 'restored');
    mkdirSync(restored, { mode: 0o700 });
    writeFileSync(join(restored, 'secret'), readFileSync(join(data, 'secret')), { mode: 0o600 });
    const ran = await run(['restore', file, '--data-dir', restored, '--json'], { env: home.env, cwd: home.home });
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ rows: expect.any(Number), verified: true });
    expect(JSON.parse(ran.stdout).rows).toBeGreaterThan(1);

    data = restored;
    const server = serve();
    const [, url = ''] = await server.says(/serves MCP at (http:\S+)\/mcp/);
    const as = ['--url', url, '--key', secret] as const;
    const audit = await cli('audit', '--json', ...as);
    expect(audit.code).toBe(0);
    expect(audit.stdout).toContain('"keys.create"'); // made offline, and in the audit all the same
    expect((await cli('audit', 'verify', ...as)).code).toBe(0);
    expect((await offline('keys', 'create', '--offline')).stderr).toContain('data folder');
  });

  it('leave nothing behind of a restore that cannot begin, and say what to do [SP-19] [SP-20]', {
    timeout,
  }, async () => {
    await databaseFor(data, '');
    await offline('keys', 'create', '--offline', '--secret-file', fileOf('kept', secretText));
    const file = join(home.home, 'fairlead.backup');
    const secretFile = join(home.home, 'kept');
    expect(await offline('backup', file, '--secret-file', secretFile)).toMatchObject({ code: 0, stderr: '' });

    const whole = readFileSync(file);
    const bent = Buffer.from(whole);
    bent[whole.length >> 1] = (whole[whole.length >> 1] ?? 0) ^ 1;
    fileOf('bent.backup', bent);
    fileOf('other', `another ${secretText}`);
    mkdirSync(join(home.home, 'folder.backup'));
    symlinkSync('loop.backup', join(home.home, 'loop.backup'));
    const right = ['--secret-file', 'kept'];
    const tries: [name: string, args: string[], code: number, said: string[]][] = [
      ['no file', ['missing.backup', ...right], 2, ['There is no file', 'Check its path']],
      ['a folder', ['folder.backup', ...right], 2, ['is a folder', 'Name the file in it']],
      ['an unreadable file', ['loop.backup', ...right], 2, ['cannot be read (ELOOP)', 'Check its path']],
      ['no file at all', ['/dev/null', ...right], 2, ['is no file']],
      ['no secret', ['fairlead.backup'], 2, ['is not known', '--secret-file', join('fresh', 'secret'), '--unverified']],
      ['another secret', ['fairlead.backup', '--secret-file', 'other'], 1, ['does not fit the secret', '--unverified']],
      ['a damaged file', ['bent.backup', ...right], 1, ['The backup cannot be used', 'Use another backup']],
      ['a damaged file, any secret', ['bent.backup', '--unverified'], 1, ['The backup cannot be used']],
    ];
    const fresh = join(home.home, 'fresh');
    for (const [name, args, code, said] of tries) {
      const ran = await run(['restore', ...args, '--data-dir', fresh], { env: home.env, cwd: home.home });
      expect([name, ran.code, ran.stdout, existsSync(fresh)]).toEqual([name, code, '', false]);
      for (const text of said) expect([name, ran.stderr]).toEqual([name, expect.stringContaining(text)]);
    }
    expect(await offline('restore', file, '--secret-file', secretFile)).toMatchObject({ code: 1 }); // it holds rows
  });

  it('restore under a new secret when asked to, and say what is lost with the old one [SP-19] [SP-20]', {
    timeout,
  }, async () => {
    await databaseFor(data, '');
    fileOf('kept', secretText);
    const made = await offline('keys', 'create', '--offline', '--quiet', '--secret-file', join(home.home, 'kept'));
    const file = join(home.home, 'fairlead.backup');
    await offline('backup', file, '--secret-file', join(home.home, 'kept'));

    data = join(home.home, 'restored');
    const ran = await offline('restore', file, '--unverified');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('Restored') });
    expect(ran.stderr).toMatch(/^Warning: .*another secret/);
    for (const text of ['API keys', 'keys create --offline', 'run time', 'audit verify'])
      expect(ran.stderr).toContain(text);
    const again = await offline('keys', 'create', '--offline', '--quiet');

    const server = serve();
    const [, url = ''] = await server.says(/serves MCP at (http:\S+)\/mcp/);
    expect((await cli('tools', 'list', '--url', url, '--key', made.stdout.trim())).code).toBe(4);
    expect((await cli('tools', 'list', '--url', url, '--key', again.stdout.trim())).code).toBe(0);
    server.child.kill('SIGTERM');
    await server.ended;

    // The same with a database in its place: another secret is not taken for the one that is wanted.
    const other = ['--secret-file', fileOf('other', 'x'.repeat(40))];
    expect(await offline('keys', 'create', '--offline', ...other)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('fairlead secrets forget'),
    });
    expect((await offline('doctor', ...other)).stdout).toMatch(/WRONG\s+secret: it is not the one/);
    const unasked = await offline('secrets', 'forget', ...other);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(await offline('secrets', 'forget', '--yes', ...other)).toMatchObject({ code: 0 });
    expect(await offline('keys', 'create', '--offline', '--quiet', ...other)).toMatchObject({ code: 0 });
  });

  it('need a database to back up, and the secret that it was made under [SP-19] [SP-20]', async () => {
    const none = await offline('backup', 'fairlead.backup');
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toContain('There is no database');
    expect(existsSync(data)).toBe(false);
    await databaseFor(data, '');
    rmSync(join(data, 'secret'));
    for (const command of [
      ['backup', 'fairlead.backup'],
      ['keys', 'create', '--offline'],
    ]) {
      const secretless = await offline(...command);
      expect(secretless).toMatchObject({ code: 2, stdout: '' });
      expect(secretless.stderr).toContain('--secret-file');
    }
    expect(existsSync(join(data, 'secret'))).toBe(false); // one made now would not be the server's
    const right = ['--secret-file', fileOf('kept', secretText)];
    for (const [target, said] of [
      ['missing/fairlead.backup', 'There is no folder'],
      ['.', 'is a folder'],
    ] as const) {
      const misplaced = await offline('backup', target, ...right);
      expect(misplaced).toMatchObject({ code: 2, stdout: '' });
      expect(misplaced.stderr).toContain(said);
    }
  });

  it('beside a server on the same data folder say what to do instead [SP-19] [SP-20]', { timeout }, async () => {
    await databaseFor(data, '');
    const server = serve();
    await server.says(/ready after/);
    const elsewhere = join(home.home, 'elsewhere');
    await databaseFor(elsewhere, '');
    const file = join(home.home, 'fairlead.backup');
    const secret = ['--secret-file', join(data, 'secret')];
    await run(['backup', file, '--data-dir', elsewhere, ...secret], { env: home.env, cwd: home.home });
    for (const [command, advice] of [
      [['backup', file, '--force'], /^Stop the server, back up, and start it again/m],
      [['restore', file], /^Restore into an unused data folder \(--data-dir\)/m],
      [['migrate'], /^A server brings its database up to date when it starts/m],
      [['keys', 'create', '--offline'], /^Ask the server for the key instead: npx fairlead keys create --name/m],
    ] as const) {
      const refused = await offline(...command);
      expect([command, refused.code, refused.stdout]).toEqual([command, 1, '']);
      expect(refused.stderr).toContain(`process ${server.child.pid}`);
      expect(refused.stderr).toMatch(advice);
      expect(refused.stderr).not.toContain('FAIRLEAD_DATA_DIR');
    }
  });

  it('check and describe the configuration [SP-3] [SP-20]', async () => {
    const good = await run(['config', 'check'], { env: home.env, cwd: home.home });
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toContain('upstreams: 1');
    writeFileSync(join(home.home, 'bad.yaml'), 'server: { port: many, hots: x }\n');
    const bad = await run(['config', 'check', 'bad.yaml'], { env: home.env, cwd: home.home });
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('2 faults');
    const asJson = await run(['config', 'check', 'bad.yaml', '--json'], { env: home.env, cwd: home.home });
    expect(asJson.code).toBe(2);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      ok: false,
      faults: expect.arrayContaining([expect.any(String)]),
    });
    const schema = await run(['config', 'schema'], { env: home.env });
    expect(JSON.parse(schema.stdout)).toHaveProperty('properties.upstreams');
    expect(existsSync(data)).toBe(false); // looking makes nothing
  });

  it('find what is wrong, and say what to do [SP-20]', async () => {
    const healthy = await run(['doctor', '--data-dir', data, '--json'], {
      env: { ...home.env, FAIRLEAD_PORT: '0' },
      cwd: home.home,
    });
    expect(JSON.parse(healthy.stdout)).toMatchObject({ ok: true });
    expect(healthy.code).toBe(0);
    writeFileSync(
      join(home.home, 'fairlead.yaml'),
      'upstreams: { gone: { command: no-such-program-anywhere } }\nserver: { redisUrl: "redis://127.0.0.1:9" }\n',
    );
    mkdirSync(data, { mode: 0o755 });
    writeFileSync(join(data, 'secret'), 'x'.repeat(40), { mode: 0o644 });
    const sick = await run(['doctor', '--data-dir', data], { env: home.env, cwd: home.home });
    expect(sick.code).toBe(1);
    expect(sick.stdout).toContain('no-such-program-anywhere');
    expect(sick.stdout).toContain('chmod 700');
    expect(sick.stdout).toContain('secret could be read by others');
    expect(sick.stdout).toContain('Redis: 127.0.0.1:9');
    const faulty = await run(['doctor', '--config', 'missing.yaml'], { env: home.env, cwd: home.home });
    expect(faulty.code).toBe(1);
    expect(faulty.stdout).toContain('config check');
  });
});
