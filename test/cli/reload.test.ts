import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { databaseFor, fixtureUpstream } from '../harness.ts';
import { run, type Started, startProgram, temporaryHome } from './run.ts';

let home: ReturnType<typeof temporaryHome>;
let server: Started | undefined;
let database: Awaited<ReturnType<typeof databaseFor>> | undefined;

beforeEach(() => {
  home = temporaryHome();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await database?.drop();
  home.remove();
});

const file = () => join(home.home, 'fairlead.yaml');
const write = (config: object) => writeFileSync(file(), stringify(config));
const cli = (...args: string[]) => run(args, { env: home.env, cwd: home.home });
const timeout = 180_000;

async function serve(config?: object): Promise<string> {
  if (config) write(config);
  const data = join(home.home, 'data');
  database = await databaseFor(data);
  const env = { ...home.env, ...database.env, FAIRLEAD_DATA_DIR: data };
  server = startProgram(['serve', '--port', '0'], { env, cwd: home.home });
  await server.says(/ready after/);
  const [, url = ''] = /serves MCP at (https?:\S+)\/mcp/.exec(server.stdout()) ?? [];
  return url;
}

describe('a changed configuration file', () => {
  it('counts without a restart, and drops no call that runs [SP-3]', { timeout }, async () => {
    await serve({ upstreams: { fix: fixtureUpstream(), gone: fixtureUpstream() } });
    const call = cli('call', 'fix.sleep', 'ms:=6000');
    await vi.waitFor(async () => {
      const { stdout } = await cli('upstreams', 'list', '--json');
      expect(JSON.parse(stdout).upstreams.find(({ name }: { name: string }) => name === 'fix').inFlight).toBe(1);
    }, 10_000);
    write({
      upstreams: { fix: fixtureUpstream(), fresh: fixtureUpstream() },
      endpoints: { plain: { toolsets: ['fix'], naming: 'bare' } },
      server: { logLevel: 'warn', maxBodyBytes: 1_000_000 },
    });
    await server?.says(/need a restart: maxBodyBytes/, 'stderr');
    await vi.waitFor(async () => expect((await cli('call', 'fresh.echo', 'text=new')).stdout).toBe('new\n'), 20_000);
    expect((await cli('call', 'echo', 'text=bare', '--endpoint', 'plain')).stdout).toBe('bare\n');
    expect((await cli('call', 'gone.echo', 'text=x')).code).toBe(1);
    expect(await call).toMatchObject({ code: 0 });
  });

  it('is read on SIGHUP at once; a faulty one is named in the log and changes nothing [SP-3]', {
    timeout,
  }, async () => {
    await serve({ upstreams: { fix: fixtureUpstream() } });
    write({ upstreams: { fix: { url: 'no address' } } });
    server?.child.kill('SIGHUP');
    await server?.says(/"faults":\["upstreams\.fix/, 'stderr');
    expect((await cli('call', 'fix.echo', 'text=still')).stdout).toBe('still\n');
    write({ upstreams: { fix: fixtureUpstream(), more: fixtureUpstream() } });
    server?.child.kill('SIGHUP');
    await server?.says(/"applied":\["upstreams\.more"\]/, 'stderr');
  });

  it('counts where none was before, with paths that begin where it is [SP-3] [KN-1]', { timeout }, async () => {
    await serve();
    mkdirSync(join(home.home, 'docs'));
    writeFileSync(join(home.home, 'docs', 'tides.md'), '# Tides\n\nHigh water is at noon.\n');
    write({ knowledge: { collections: { sea: { sources: { files: { folder: 'docs' } } } } } });
    server?.child.kill('SIGHUP');
    await server?.says(/"applied":\[[^\]]*"knowledge"/, 'stderr');
    expect((await cli('knowledge', 'sync', 'sea', '--watch')).stdout).toMatch(/^files: done, 1 seen/);
  });

  it('is not needed for a new certificate: the files are read again when they change [SP-8] [SP-3]', {
    timeout,
  }, async () => {
    const folder = join(home.home, 'tls');
    mkdirSync(folder);
    const certificate = (name: string) =>
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
          ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'],
          ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
        ],
        { stdio: 'ignore' },
      );
    certificate('first');
    const url = await serve({ server: { tls: { cert: 'tls/cert.pem', key: 'tls/key.pem' } } });
    const nameNow = () =>
      new Promise<unknown>((resolve, reject) => {
        const socket = connect(
          { host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false },
          () => {
            resolve(socket.getPeerCertificate().subject.CN);
            socket.destroy();
          },
        );
        socket.on('error', reject);
      });
    expect(await nameNow()).toBe('first');
    certificate('second');
    await vi.waitFor(async () => expect(await nameNow()).toBe('second'), 20_000);
  });
});

describe('limits and caching of a changed file', () => {
  it('count from then on, and what was counted stays counted [CO-5] [CO-7] [SP-3]', { timeout }, async () => {
    const upstreams = { fix: fixtureUpstream() };
    const daily = (limit: number) => ({ name: 'daily', of: { tools: ['fix.echo'] }, window: { limit, per: 'day' } });
    await serve({ upstreams, limits: [daily(2)] });
    const echo = () => cli('call', 'fix.echo', 'text=same', '--json');
    for (const code of [0, 0, 1]) expect((await echo()).code).toBe(code);
    write({ upstreams, limits: [daily(4)], caching: { results: [{ tools: ['fix.echo'], ttlSeconds: 600 }] } });
    server?.child.kill('SIGHUP');
    await server?.says(/"applied":\["caching","limits"\]/, 'stderr');
    expect(JSON.parse((await echo()).stdout).result._meta?.['dev.fairlead/cache']).toBeUndefined();
    expect(JSON.parse((await echo()).stdout).result._meta['dev.fairlead/cache']).toMatchObject({
      ageSeconds: expect.any(Number),
    });
    expect((await echo()).code).toBe(1);
  });
});
