import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ContractVault, startContractVault, startRealVault, type TestVault } from '../../../test/vault.ts';
import { createLog } from '../telemetry/index.ts';
import { createSecrets } from './secrets.ts';
import type { Secrets, SecretsWorld } from './types.ts';

const program = process.env.TEST_VAULT;
/** By `npm test` the contract, by `npm run test:services` what keeps it. */
const kinds = [program === undefined ? 'the contract' : 'a real vault'];
const lines: string[] = [];

type Changes = Partial<Exclude<SecretsWorld['vault'], string | undefined>>;

function opened(vault: TestVault, more: Changes = {}, now?: () => number): Secrets {
  const log = createLog({ level: 'debug', service: 'test', destination: { write: (line) => void lines.push(line) } });
  const secrets = createSecrets({ log, ...(now ? { now } : {}) });
  secrets.open({ env: { HERE: 'value' }, baseDir: '/', vault: { ...usual(vault), ...more } });
  onTestFinished(() => secrets.stop());
  return secrets;
}

const usual = (vault: TestVault) => ({
  address: vault.address,
  mount: 'secret',
  auth: { token: vault.root },
  refreshEveryMs: 1_000,
  staleForMs: 3_600_000,
  timeoutMs: 5_000,
});

/** Looks up what is kept from then on. */
async function used(secrets: Secrets, ...names: string[]): Promise<(string | undefined)[]> {
  await secrets.fetch(names);
  secrets.keep(
    'test',
    names.map((name) => ({ kind: 'vault', name, place: name })),
  );
  return names.map((name) => seen(secrets, name));
}

function seen(secrets: Secrets, name: string): string {
  const found = secrets.lookUp({ kind: 'vault', name });
  return 'value' in found ? found.value : `! ${found.fault}`;
}

const waits = (check: () => unknown) => vi.waitFor(async () => void (await check()), { timeout: 30_000, interval: 50 });

describe.each(kinds)('references to %s', (kind) => {
  let vault: TestVault;
  beforeAll(async () => {
    vault = kind === 'the contract' ? await startContractVault() : await startRealVault(program ?? '');
  }, 120_000);
  afterAll(() => vault?.stop());

  it('resolve to fields of KV 2, and tell why not without a value [AC-5]', async () => {
    await vault.put('team/a', { token: 'alpha', port: 5432, on: true, deep: { a: 1 } });
    await vault.put('team/gone', { token: 'was-there' });
    await vault.api('DELETE', 'secret/data/team/gone');
    const token = await vault.makeToken(600);
    const secrets = opened(vault, { auth: { token } });
    expect(
      await used(
        secrets,
        ...['team/a#token', 'team/a#port', 'team/a#on', '/secret/data/team/a#token'],
        ...['team/a#deep', 'team/a#nope', 'team/none#x', 'team/gone#token', 'other/a#x', 'no-key', 'a/../b#c'],
      ),
    ).toEqual([
      ...['alpha', '5432', 'true', 'alpha'],
      '! vault:team/a#deep cannot be had: it is no text',
      '! vault:team/a#nope cannot be had: the secret has no such key',
      '! vault:team/none#x cannot be had: the vault has nothing there',
      '! vault:team/gone#token cannot be had: it was deleted in the vault',
      '! vault:other/a#x cannot be had: the vault refuses it (403)',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as people write it
      '! ${vault:...} needs a path and a key, such as ${vault:team/crm#token}',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as people write it
      '! ${vault:...} needs a path and a key, such as ${vault:team/crm#token}',
    ]);
    expect(secrets.lookUp({ kind: 'env', name: 'HERE' })).toEqual({ value: 'value' });
    const [state, ...others] = secrets.list();
    expect(state).toMatchObject({ state: 'resolves', version: 1, seenAt: expect.any(Number) });
    expect(JSON.stringify([state, ...others, lines])).not.toMatch(/alpha|5432|was-there/);
  });

  it('follow new versions, and say so only when a value in use has changed [AC-5]', async () => {
    await vault.put('team/b', { token: 'one' });
    const secrets = opened(vault);
    expect(await used(secrets, 'team/b#token')).toEqual(['one']);
    let changes = 0;
    secrets.onChange(() => changes++);
    secrets.start();
    const [before] = secrets.list();
    await waits(() => expect(secrets.list()[0]?.seenAt).toBeGreaterThan(before?.seenAt ?? 0));
    expect(changes).toBe(0);
    await vault.put('team/b', { token: 'two' });
    await waits(() => expect(changes).toBe(1));
    expect(seen(secrets, 'team/b#token')).toBe('two');
    await vault.api('DELETE', 'secret/data/team/b');
    await waits(() => expect(changes).toBe(2));
    expect(seen(secrets, 'team/b#token')).toMatch(/deleted/);
  });

  it('are read with a token that is renewed before it ends [AC-5]', async () => {
    await vault.put('team/c', { token: 'one' });
    const token = await vault.makeToken(4, { renewable: true });
    const secrets = opened(vault, { auth: { token } });
    expect(await used(secrets, 'team/c#token')).toEqual(['one']);
    secrets.start();
    const end = Date.now() + 7_000;
    await waits(() => expect(Date.now()).toBeGreaterThan(end));
    await vault.put('team/c', { token: 'two' });
    await waits(() => expect(seen(secrets, 'team/c#token')).toBe('two'));
  });

  it('sign in by AppRole, and again when the token ends or is revoked; let it go at the end [AC-5]', async () => {
    await vault.put('team/d', { token: 'one' });
    const role = await vault.makeAppRole(600);
    const secrets = opened(vault, { auth: { appRole: { ...role, mount: 'approle' } } });
    expect(await used(secrets, 'team/d#token')).toEqual(['one']);
    await secrets.stop();

    const short = await vault.makeAppRole(2);
    const again = opened(vault, { auth: { appRole: { ...short, mount: 'approle' } } });
    expect(await used(again, 'team/d#token')).toEqual(['one']);
    const end = Date.now() + 3_000; // not started, so that nobody renews it
    await waits(() => expect(Date.now()).toBeGreaterThan(end));
    await vault.put('team/e', { token: 'late' });
    await again.fetch(['team/e#token']);
    expect(seen(again, 'team/e#token')).toBe('late');

    const wrong = opened(vault, { auth: { appRole: { ...role, secretId: 'not-this-one', mount: 'approle' } } });
    expect(await used(wrong, 'team/d#token')).toEqual([
      '! vault:team/d#token cannot be had: the vault refuses to sign us in by AppRole',
    ]);
  });

  it('tell of a bad token, and of an engine that is none [AC-5]', async () => {
    await vault.put('team/f', { token: 'one' });
    const bad = opened(vault, { auth: { token: 'hvs.not-a-token' } });
    expect(await used(bad, 'team/f#token')).toEqual(['! vault:team/f#token cannot be had: the vault refuses it (403)']);
    const elsewhere = opened(vault, { mount: 'nowhere' });
    expect(await used(elsewhere, 'team/f#token')).toEqual([
      expect.stringMatching(/^! vault:team\/f#token cannot be had/),
    ]);
  });
});

describe('a real vault with a real Postgres', () => {
  const postgres = process.env.TEST_DATABASE_URL;

  it('leases accounts that work, keeps them, and ends them when it is let go [AC-5]', async (test) => {
    if (program === undefined || !postgres)
      return test.skip('a vault and Postgres are not there; `npm run test:services` brings both');
    const vault = await startRealVault(program);
    onTestFinished(() => vault.stop());
    const { host, username, password, pathname } = new URL(postgres);
    await vault.api('POST', 'sys/mounts/database', { type: 'database' });
    await vault.api('POST', 'database/config/main', {
      plugin_name: 'postgresql-database-plugin',
      allowed_roles: ['reader'],
      connection_url: `postgresql://{{username}}:{{password}}@${host}${pathname}?sslmode=disable`,
      username,
      password: decodeURIComponent(password),
    });
    await vault.api('POST', 'database/roles/reader', {
      db_name: 'main',
      creation_statements: [`create role "{{name}}" login password '{{password}}' valid until '{{expiration}}'`],
      default_ttl: '4s',
      max_ttl: '10s',
    });
    const { roleId, secretId } = await vault.makeAppRole(600);
    const secrets = opened(vault, { auth: { appRole: { roleId, secretId, mount: 'approle' } } }, Date.now);
    const names = ['/database/creds/reader#username', '/database/creds/reader#password'] as const;
    const [user = '', first = ''] = await used(secrets, ...names);
    const whoAmI = async (): Promise<string> => {
      const url = new URL(postgres);
      [url.username, url.password] = names.map((name) => encodeURIComponent(seen(secrets, name))) as [string, string];
      const client = new Client({ connectionString: url.href });
      await client.connect();
      const { rows } = await client.query('select current_user as who').finally(() => client.end());
      return rows[0].who;
    };
    expect(await whoAmI()).toBe(user);
    let changes = 0;
    secrets.onChange(() => changes++);
    secrets.start();
    const began = Date.now();
    await waits(() => expect(changes).toBe(1));
    expect(Date.now() - began, 'it was prolonged before it was taken anew').toBeGreaterThan(4_000);
    expect(seen(secrets, names[1])).not.toBe(first);
    const next = await whoAmI();
    expect(next).not.toBe(user);
    await secrets.stop();
    await waits(async () => {
      const { rows } = await asOwner(postgres, `select 1 from pg_roles where rolname in ('${user}', '${next}')`);
      expect(rows).toEqual([]);
    });
  });
});

async function asOwner(url: string, statement: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client.query(statement).finally(() => client.end());
}

describe('a vault in trouble', () => {
  let vault: ContractVault;
  let clock: number;
  const now = () => clock;
  beforeAll(async () => {
    vault = await startContractVault();
    await vault.put('team/a', { token: 'alpha' });
    await vault.put('team/b', { token: 'beta' });
  });
  beforeEach(() => {
    vault.trouble = undefined;
    clock = Date.now();
  });
  afterAll(() => vault?.stop());

  it.each([
    ['sealed', /sealed/],
    ['silent', /does not answer in time/],
    ['redirect', /another node/],
    ['stranger', /is no vault/],
  ] as const)(
    'that is %s gives a reason at once for all, and its secrets when it is well [AC-5]',
    async (kind, reason) => {
      const secrets = opened(vault, { timeoutMs: 300 });
      vault.trouble = kind;
      const before = vault.seen.length;
      const names = Array.from({ length: 20 }, (_, n) => `team/${n}#x`);
      for (const found of await used(secrets, 'team/a#token', ...names)) expect(found).toMatch(reason);
      expect(vault.seen.length - before, 'one that does not answer is not asked again for each').toBeLessThan(4);
      expect(secrets.health()).toMatchObject({ up: false, missing: 21, warnings: [expect.stringContaining('21')] });
      let changes = 0;
      secrets.onChange(() => changes++);
      secrets.start();
      vault.trouble = undefined;
      await waits(() => expect(seen(secrets, 'team/a#token')).toBe('alpha'));
      expect(changes).toBeGreaterThan(0);
      expect(secrets.health().up).toBe(true);
    },
  );

  it('that goes away leaves what is known in use, for as long as was said [AC-5]', async () => {
    const secrets = opened(vault, { staleForMs: 600_000 }, now);
    expect(await used(secrets, 'team/a#token')).toEqual(['alpha']);
    let changes = 0;
    secrets.onChange(() => changes++);
    vault.trouble = 'sealed';
    clock += 2_000;
    secrets.start();
    await waits(() =>
      expect(secrets.list()[0]).toMatchObject({ state: 'stale', reason: expect.stringMatching(/sealed/) }),
    );
    expect(seen(secrets, 'team/a#token')).toBe('alpha');
    expect(secrets.health()).toMatchObject({ up: false, stale: 1, warnings: [expect.stringContaining('1 in use')] });
    expect(changes).toBe(0);
    clock += 600_000;
    await waits(() => expect(changes).toBe(1));
    expect(seen(secrets, 'team/a#token')).toMatch(/too old to go by/);
    expect(lines.filter((line) => line.includes('does not give secrets')).length).toBeGreaterThan(0);
    vault.trouble = undefined;
    clock += 60_000;
    await waits(() => expect(seen(secrets, 'team/a#token')).toBe('alpha'));
    expect(changes).toBe(2);
  });

  it('keeps leases alive, and takes new credentials when one cannot be prolonged [AC-5]', async () => {
    vault.leased = { ttl: 2, renewable: true, maxRenewals: 2 };
    const secrets = opened(vault, {}, Date.now);
    const [user, first = ''] = await used(secrets, '/leased/db#username', '/leased/db#password');
    expect([user, first]).toEqual(['u', expect.stringMatching(/^p-/)]);
    const reads = () => vault.seen.filter((line) => line === 'GET leased/db').length;
    expect(reads(), 'both keys are of one lease').toBe(1);
    let changes = 0;
    secrets.onChange(() => changes++);
    secrets.start();
    expect(secrets.list()[1]?.leaseUntil).toBeGreaterThan(Date.now());
    await waits(() => expect([...vault.leases.values()][0]?.renewals).toBe(2));
    expect(seen(secrets, '/leased/db#password')).toBe(first);
    expect(changes).toBe(0);
    await waits(() => expect(changes).toBe(1));
    expect(seen(secrets, '/leased/db#password')).toMatch(/^p-/);
    expect(seen(secrets, '/leased/db#password')).not.toBe(first);
    expect(reads()).toBe(2);
    await secrets.stop();
    expect([...vault.leases.values()].filter(({ until }) => until > Date.now() + 1_500)).toEqual([]);
  });

  it('ends a value with its lease when it is away [AC-5]', async () => {
    vault.leased = { ttl: 1, renewable: false, maxRenewals: 0 };
    const secrets = opened(vault, {}, Date.now);
    await used(secrets, '/leased/x#password');
    vault.trouble = 'sealed';
    let changes = 0;
    secrets.onChange(() => changes++);
    secrets.start();
    await waits(() => expect(changes).toBe(1));
    expect(seen(secrets, '/leased/x#password')).toMatch(/sealed/);
  });

  it('is asked in its namespace, and signed in to as a pod is [AC-5]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-pod-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const tokenFile = join(folder, 'token');
    const pod = { kubernetes: { role: 'fairlead', tokenFile, mount: 'kubernetes' } };
    vault.namespace = 'teams/one';
    onTestFinished(() => {
      vault.namespace = undefined;
    });
    const secrets = opened(vault, { auth: pod, namespace: 'teams/one' });
    expect(await used(secrets, 'team/a#token')).toEqual([
      expect.stringMatching(/service account cannot be read \(ENOENT\)/),
    ]);
    writeFileSync(tokenFile, 'pod.jwt.token\n');
    await secrets.fetch(['team/a#token']);
    expect(seen(secrets, 'team/a#token')).toBe('alpha');
    expect(vault.seen.at(-1)).toBe('GET secret/data/team/a teams/one');
    const another = opened(vault, { auth: pod });
    expect(await used(another, 'team/a#token')).toEqual([
      expect.stringMatching(/^! vault:team\/a#token cannot be had/),
    ]);
  });

  it('that is changed for another keeps what is known until the other has said something [AC-5]', async () => {
    const other = await startContractVault();
    onTestFinished(() => other.stop());
    await other.put('team/a', { token: 'from the other' });
    const secrets = opened(vault);
    expect(await used(secrets, 'team/a#token')).toEqual(['alpha']);
    secrets.start();
    secrets.open({ env: {}, baseDir: '/', vault: usual(other) });
    expect(seen(secrets, 'team/a#token')).toBe('alpha');
    await waits(() => expect(seen(secrets, 'team/a#token')).toBe('from the other'));
  });
});
