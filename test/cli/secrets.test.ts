// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the file's references look like placeholders
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { type HttpFixture, serveHttpFixture } from '../fixtures/servers/http.ts';
import { databaseFor, fixtureUpstream } from '../harness.ts';
import { type ContractVault, startContractVault, startRealVault, type TestVault } from '../vault.ts';
import { run, type Started, startProgram, temporaryHome } from './run.ts';

const program = process.env.TEST_VAULT;
/** By `npm test` the contract, by `npm run test:services` what keeps it. */
const kinds = [program === undefined ? 'the contract' : 'a real vault'];
const timeout = 240_000;

let home: ReturnType<typeof temporaryHome>;
let server: Started | undefined;
let database: Awaited<ReturnType<typeof databaseFor>> | undefined;
let vault: TestVault;
let crm: HttpFixture;
let wiki: HttpFixture;
let env: Record<string, string>;
const adminKey = `fl_test_${'k'.repeat(40)}`;

beforeEach(async () => {
  home = temporaryHome();
  database = await databaseFor(join(home.home, 'data'));
  env = { ...home.env, ...database.env, FAIRLEAD_DATA_DIR: join(home.home, 'data'), FAIRLEAD_ADMIN_KEY: adminKey };
  [crm, wiki] = [await serveHttpFixture('both'), await serveHttpFixture('both')];
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await database?.drop();
  await vault?.stop();
  for (const fixture of [crm, wiki]) await fixture.stop();
  home.remove();
});

const write = (config: object) => writeFileSync(join(home.home, 'fairlead.yaml'), stringify(config));
const cli = (...args: string[]) => run(args, { env, cwd: home.home });
const waits = (check: () => unknown) =>
  vi.waitFor(async () => void (await check()), { timeout: 60_000, interval: 100 });
const lastSent = (fixture: HttpFixture, header: string) => fixture.requests.at(-1)?.headers[header];
const settingsOf = ({ address }: { address: string }, auth: object, more: object = {}) => ({
  secrets: { vault: { address, auth, refreshEveryMs: 1_000, ...more } },
});
const bothUpstreams = (value: string) => ({
  crm: { url: crm.url, headers: { authorization: 'Bearer ${vault:team/crm#token}' }, startTimeoutMs: 20_000 },
  wiki: { url: wiki.url, headers: { 'x-key': value }, startTimeoutMs: 20_000 },
});

async function serve(config: object): Promise<string> {
  write(config);
  server = startProgram(['serve', '--port', '0'], { env, cwd: home.home });
  await server.says(/ready after/);
  return /serves MCP at (https?:\S+)\/mcp/.exec(server.stdout())?.[1] ?? '';
}

async function api(url: string, path: string, json?: unknown, key = adminKey) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: json === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects to find
  return { status: response.status, body: (await response.json()) as any };
}

async function stateOf(url: string, name: string) {
  const { body } = await api(url, `/upstreams/${name}`);
  return body as { state: string; reason?: string; since: number; inFlight: number };
}

/** As Kubernetes mounts a secret: the file is a link through `..data`, which is swapped in one step. */
function mount(value: string, version: number): string {
  const folder = join(home.home, 'mounted');
  const data = join(folder, `..v${version}`);
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'key'), `${value}\n`);
  symlinkSync(`..v${version}`, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  if (version === 1) symlinkSync(join('..data', 'key'), join(folder, 'key'));
  return '${file:mounted/key}';
}

describe.each(kinds)('with %s, a server', (kind) => {
  beforeEach(async () => {
    vault = kind === 'the contract' ? await startContractVault() : await startRealVault(program ?? '');
  }, 120_000);

  it('takes a new value into what uses it alone, and loses no call that runs [AC-5]', { timeout }, async () => {
    await vault.put('team/crm', { token: 'crm-one' });
    const role = await vault.makeAppRole(600);
    const auth = { appRole: { roleId: role.roleId, secretId: '${file:secret-id}' } };
    writeFileSync(join(home.home, 'secret-id'), role.secretId);
    const url = await serve({ ...settingsOf(vault, auth), upstreams: bothUpstreams(mount('wiki-one', 1)) });
    const tries = ['crm', 'wiki'].map((name) => cli('call', `${name}.echo`, 'a=1'));
    expect((await Promise.all(tries)).map(({ code }) => code)).toEqual([0, 0]);
    expect([lastSent(crm, 'authorization'), lastSent(wiki, 'x-key')]).toEqual(['Bearer crm-one', 'wiki-one']);

    const wikiSince = (await stateOf(url, 'wiki')).since;
    const running = cli('call', 'crm.sleep', 'ms:=8000');
    await waits(async () => expect((await stateOf(url, 'crm')).inFlight).toBe(1));
    await vault.put('team/crm', { token: 'crm-two' });
    await waits(() =>
      expect(crm.requests.some(({ headers }) => headers.authorization === 'Bearer crm-two')).toBe(true),
    );
    expect(await cli('call', 'crm.echo', 'a=2')).toMatchObject({ code: 0 });
    expect(lastSent(crm, 'authorization')).toBe('Bearer crm-two');
    expect(await running).toMatchObject({ code: 0 });
    expect((await stateOf(url, 'wiki')).since, 'the other one is not touched').toBe(wikiSince);

    mount('wiki-two', 2);
    await waits(() => expect(wiki.requests.some(({ headers }) => headers['x-key'] === 'wiki-two')).toBe(true));
    expect(await cli('call', 'wiki.echo', 'a=3')).toMatchObject({ code: 0 });
    expect(`${server?.stderr()}${server?.stdout()}`).not.toMatch(/crm-(one|two)|wiki-(one|two)/);
  });

  it('lets each organisation refer at run time to what the file lists for it, and to nothing else [AC-5]', {
    timeout,
  }, async () => {
    await vault.put('team/crm', { token: 'crm-one' });
    await vault.put('team/acme', { token: 'acme-one', admin: 'acme-admin' });
    const token = await vault.makeToken(600);
    env.VAULT_TOKEN = token;
    const runtime = { default: ['team/crm'], acme: ['team/acme#token'] };
    const url = await serve({
      ...settingsOf(vault, { token: '${env:VAULT_TOKEN}' }, { runtime }),
      egress: { allow: ['127.0.0.1'] },
    });
    expect((await api(url, '/orgs', { id: 'acme', name: 'Acme' })).status).toBe(201);
    const add = (name: string, org: string, reference: string) =>
      api(url, `/upstreams?org=${org}`, {
        name,
        settings: { url: crm.url, headers: { authorization: `Bearer ${reference}` }, trust: 'first-use' },
      });
    for (const [org, reference] of [
      ['acme', '${vault:team/crm#token}'],
      ['acme', '${vault:team/acme#admin}'],
      ['acme', '${vault:/secret/data/team/acme#token}'],
      ['acme', '${vault:team/acme/../crm#token}'],
      ['acme', '${env:VAULT_TOKEN}'],
      ['acme', '${file:/etc/hostname}'],
      ['default', '${vault:team/acme#token}'],
      ['default', '${file:fairlead.yaml}'],
      ['default', '${env:VAULT_TOKEN}'],
    ] as const) {
      const refused = await add('mine', org, reference);
      expect(refused, `${org} ${reference}`).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    }
    expect(await add('mine', 'acme', '${vault:team/acme#token}')).toMatchObject({ status: 201 });
    expect(await add('ours', 'default', '${vault:team/crm#token}')).toMatchObject({ status: 201 });
    const sent = (value: string) => crm.requests.some(({ headers }) => headers.authorization === `Bearer ${value}`);
    await waits(() => expect([sent('acme-one'), sent('crm-one')]).toEqual([true, true]));
    expect(sent('acme-admin')).toBe(false);

    await vault.put('team/acme', { token: 'acme-two' });
    await waits(() => expect(sent('acme-two'), 'what was added at run time follows as well').toBe(true));

    const ofDefault = (await api(url, '/secrets')).body.references;
    expect(ofDefault.map(({ place, name }: { place: string; name: string }) => [place, name])).toEqual([
      ['secrets.vault.auth.token', 'VAULT_TOKEN'],
      ['ours.headers.authorization', 'team/crm#token'],
    ]);
    const ofAcme = (await api(url, '/secrets?org=acme')).body.references;
    expect(ofAcme).toEqual([
      expect.objectContaining({
        place: 'mine.headers.authorization',
        source: 'runtime',
        state: 'resolves',
        version: 2,
      }),
    ]);
    const checked = await cli('secrets', 'check', '--json');
    expect(checked.code).toBe(0);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      ok: true,
      references: [{ source: 'file' }, { source: 'runtime', name: 'team/crm#token', state: 'resolves' }],
    });
    const { body: shown } = await api(url, '/upstreams/ours');
    expect(shown.settings.headers.authorization).toBe('Bearer ${vault:team/crm#token}');
  });
});

describe('a vault that is away', () => {
  let contract: ContractVault;
  beforeEach(async () => {
    vault = contract = await startContractVault();
    await vault.put('team/crm', { token: 'crm-one' });
  });

  it('keeps a server from nothing but what cannot do without, and from nothing once it was there [AC-5]', {
    timeout,
  }, async () => {
    env.VAULT_TOKEN = vault.root;
    contract.trouble = 'sealed';
    const url = await serve({
      ...settingsOf(vault, { token: '${env:VAULT_TOKEN}' }),
      upstreams: bothUpstreams('plain'),
      models: { chat: { url: `${wiki.url}/v1`, model: 'm', apiKey: '${vault:team/crm#token}' } },
    });
    expect(await cli('call', 'wiki.echo', 'a=1')).toMatchObject({ code: 0 });
    const failing = await stateOf(url, 'crm');
    expect(failing).toMatchObject({ state: 'failing', reason: expect.stringMatching(/vault:team\/crm#token.*sealed/) });
    expect((await cli('call', 'crm.echo', 'a=1')).stderr).toMatch(/vault:team\/crm#token/);
    expect(crm.requests).toEqual([]);
    const readyz = async () =>
      (await fetch(`${url}/readyz`)).json() as Promise<{ status: string; warnings?: string[] }>;
    expect(await readyz()).toEqual({ status: 'ready', warnings: [expect.stringMatching(/^secrets: 2 cannot be had/)] });
    const doctor = await cli('doctor');
    expect(doctor.stdout).toMatch(/WRONG\s+secrets: upstreams\.crm\.headers\.authorization: vault:team\/crm#token/);
    const checked = await cli('secrets', 'check');
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(/missing +upstreams\.crm\.headers\.authorization +vault:team\/crm#token .*sealed/);

    contract.trouble = undefined;
    await waits(async () => expect((await stateOf(url, 'crm')).state).toBe('live'));
    expect(await cli('call', 'crm.echo', 'a=2')).toMatchObject({ code: 0 });
    expect(await readyz()).toEqual({ status: 'ready' });
    expect((await cli('secrets', 'check')).code).toBe(0);

    contract.trouble = 'silent';
    await waits(async () =>
      expect(await readyz()).toEqual({ status: 'ready', warnings: [expect.stringMatching(/^secrets: 2 in use/)] }),
    );
    expect(await cli('call', 'crm.echo', 'a=3')).toMatchObject({ code: 0 });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^fairlead_vault_up 0$/m);
    expect(metrics).toMatch(/^fairlead_secrets_stale 2$/m);
    expect((await api(url, '/secrets')).body.references).toContainEqual(
      expect.objectContaining({ place: 'models.chat.apiKey', state: 'stale', reason: expect.any(String), version: 1 }),
    );
  });

  it('keeps a server from starting where the server itself needs it, and says so by place [AC-5]', {
    timeout,
  }, async () => {
    contract.trouble = 'sealed';
    env.VAULT_TOKEN = vault.root;
    write({
      ...settingsOf(vault, { token: '${env:VAULT_TOKEN}' }),
      server: { metricsToken: '${vault:team/crm#token}' },
      upstreams: { crm: { url: crm.url, headers: { a: '${vault:team/crm#token}' } } },
    });
    const started = await cli('serve', '--port', '0');
    expect(started).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/server\.metricsToken \(line \d+\): vault:/),
    });
    expect(started.stderr).not.toMatch(/upstreams\.crm/);
  });
});

it('refuses secrets of a vault where everybody on the machine could read them, and what cannot open it [AC-5]', async () => {
  const { command, args } = fixtureUpstream();
  Object.assign(env, { CRM_TOKEN: 'crm-one', HOME: home.home });
  const upstreams = {
    one: { command, args: [...args, '--token', '${vault:team/crm#token}'] },
    two: { command, args: [...args, '--token=${env:CRM_TOKEN}', '${env:HOME}'], env: { A: '${env:CRM_TOKEN}' } },
  };
  vault = await startContractVault();
  write({ ...settingsOf(vault, { token: '${vault:team/vault#token}' }), upstreams });
  const refused = await cli('config', 'check', '--json');
  expect(JSON.parse(refused.stdout).faults).toEqual([
    expect.stringMatching(/^secrets\.vault\.auth\.token \(line \d+\): what opens the vault cannot come from it/),
    expect.stringMatching(/^upstreams\.one\.args\[\d\] \(line \d+\): .*list of processes; pass it in env/),
  ]);
  write({ upstreams: { two: upstreams.two } });
  const warned = await cli('config', 'check', '--json');
  expect(JSON.parse(warned.stdout).warnings).toEqual([
    expect.stringMatching(/^upstreams\.two\.args\[\d\]: \$\{env:CRM_TOKEN\} stands in the list of processes/),
  ]);
  expect(`${refused.stdout}${warned.stdout}`).not.toContain('crm-one');
});
