import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { diesWithUs, freePort, startProgram } from '../scripts/services/service.ts';

/** A vault with the KV 2 engine at `secret`, and what a test does to it. */
export interface TestVault {
  address: string;
  root: string;
  /** A request to its API as root, or as `token`; rejects for anything but success. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<Json>;
  /** Writes a new version. */
  put(path: string, data: Json): Promise<void>;
  /** A token that may read below `secret/data/team`, with this life in seconds. */
  makeToken(ttl: number, more?: Json): Promise<string>;
  /** A role of AppRole that may read the same. */
  makeAppRole(ttl: number): Promise<{ roleId: string; secretId: string }>;
  stop(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects to find
type Json = Record<string, any>;

const readable = `path "secret/data/team/*" { capabilities = ["read"] }
path "leased/*" { capabilities = ["read"] }
path "database/creds/*" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }`;

/** OpenBao or Vault, in memory; `program` is its path. */
export async function startRealVault(program: string): Promise<TestVault> {
  const root = `test-${randomBytes(12).toString('hex')}`;
  const address = `http://127.0.0.1:${await freePort()}`;
  const args = ['server', '-dev', '-dev-no-store-token', `-dev-listen-address=${new URL(address).host}`];
  const { stop } = await startProgram({
    ...diesWithUs(program, [...args, `-dev-root-token-id=${root}`]),
    answers: () =>
      fetch(`${address}/v1/secret/config`, { headers: { 'x-vault-token': root } }).then(
        ({ ok }) => ok,
        () => false,
      ),
    startLimitMs: 60_000,
  });
  const vault = vaultAt(address, root, stop);
  await vault.api('POST', 'sys/auth/approle', { type: 'approle' });
  await vault.api('POST', 'sys/policies/acl/readable', { policy: readable });
  return vault;
}

function vaultAt(address: string, root: string, stop: () => Promise<void>): TestVault {
  const api: TestVault['api'] = async (method, path, body, token = root) => {
    const response = await fetch(`${address}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  return {
    address,
    root,
    api,
    stop,
    put: async (path, data) => void (await api('POST', `secret/data/${path}`, { data })),
    async makeToken(ttl, more = {}) {
      const { auth } = await api('POST', 'auth/token/create', { policies: ['readable'], ttl: `${ttl}s`, ...more });
      return auth.client_token;
    },
    async makeAppRole(ttl) {
      const name = `role-${randomBytes(4).toString('hex')}`;
      await api('POST', `auth/approle/role/${name}`, { token_policies: ['readable'], token_ttl: `${ttl}s` });
      const [{ data: id }, { data: secret }] = [
        await api('GET', `auth/approle/role/${name}/role-id`),
        await api('POST', `auth/approle/role/${name}/secret-id`, {}),
      ];
      return { roleId: id.role_id, secretId: secret.secret_id };
    },
  };
}

/** The part of the API that we speak, as it is published, with the ways in which a vault can be in trouble. */
export interface ContractVault extends TestVault {
  /** What it does instead of answering: be sealed, say nothing, send elsewhere, or be something else. */
  trouble: 'sealed' | 'silent' | 'redirect' | 'stranger' | undefined;
  /** Requests as they came: method, path, namespace. */
  seen: string[];
  /** Namespaces that are asked for must be this one. */
  namespace: string | undefined;
  /** What a read below `leased/` gives: each time another password, under a lease of so many seconds. */
  leased: { ttl: number; renewable: boolean; maxRenewals: number };
  leases: Map<string, { renewals: number; until: number }>;
}

interface Token {
  until: number | undefined;
  renewable: boolean;
  ttl: number;
}

export async function startContractVault(port = 0): Promise<ContractVault> {
  const root = `root-${randomBytes(12).toString('hex')}`;
  const tokens = new Map<string, Token>([[root, { until: undefined, renewable: false, ttl: 0 }]]);
  const secrets = new Map<string, (Json | undefined)[]>();
  const roles = new Map<string, { ttl: number; roleId: string; secretIds: Set<string> }>();
  const issue = (ttl: number, renewable = true) => {
    const token = `hvs.${randomBytes(18).toString('base64url')}`;
    tokens.set(token, { until: ttl > 0 ? Date.now() + ttl * 1_000 : undefined, renewable, ttl });
    return { client_token: token, lease_duration: ttl, renewable };
  };
  const seconds = (text: unknown) => Number.parseInt(String(text ?? '0'), 10);

  const answer = (method: string, path: string, headers: IncomingMessage['headers'], body: Json): [number, Json?] => {
    if (vault.namespace !== undefined && headers['x-vault-namespace'] !== vault.namespace)
      return [404, { errors: ['no handler for route'] }];
    const login = /^auth\/(approle|kubernetes)\/login$/.exec(path)?.[1];
    if (login === 'approle') {
      const role = [...roles.values()].find(({ roleId }) => roleId === body.role_id);
      if (!role?.secretIds.has(body.secret_id)) return [400, { errors: ['invalid role or secret ID'] }];
      return [200, { auth: issue(role.ttl), data: null }];
    }
    if (login === 'kubernetes') {
      if (body.role !== 'fairlead' || body.jwt !== 'pod.jwt.token') return [403, { errors: ['permission denied'] }];
      return [200, { auth: issue(60), data: null }];
    }
    const name = String(headers['x-vault-token'] ?? '');
    const token = tokens.get(name);
    if (!token || (token.until ?? Number.POSITIVE_INFINITY) < Date.now())
      return [403, { errors: ['permission denied'] }];
    if (path === 'auth/token/lookup-self') {
      const ttl = token.until === undefined ? 0 : Math.ceil((token.until - Date.now()) / 1_000);
      return [200, { data: { ttl, renewable: token.renewable, id: name } }];
    }
    if (path === 'auth/token/renew-self') {
      if (!token.renewable) return [400, { errors: ['lease is not renewable'] }];
      token.until = Date.now() + token.ttl * 1_000;
      return [200, { auth: { client_token: name, lease_duration: token.ttl, renewable: true } }];
    }
    if (path === 'auth/token/revoke-self') return [tokens.delete(name) ? 204 : 403];
    if (path === 'auth/token/create') return [200, { auth: issue(seconds(body.ttl), body.renewable ?? true) }];
    const [, roleName = '', part] = /^auth\/approle\/role\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (roleName !== '') {
      const role = roles.get(roleName) ?? { ttl: 0, roleId: randomBytes(8).toString('hex'), secretIds: new Set() };
      roles.set(roleName, role);
      if (part === 'role-id') return [200, { data: { role_id: role.roleId } }];
      if (part === 'secret-id') {
        const id = randomBytes(8).toString('hex');
        role.secretIds.add(id);
        return [200, { data: { secret_id: id } }];
      }
      role.ttl = seconds(body.token_ttl);
      return [204];
    }
    const lease = vault.leases.get(body.lease_id);
    if (path === 'sys/leases/renew') {
      if (!lease || lease.until < Date.now()) return [400, { errors: ['lease not found'] }];
      if (lease.renewals++ >= vault.leased.maxRenewals) return [400, { errors: ['lease is not renewable'] }];
      lease.until = Date.now() + vault.leased.ttl * 1_000;
      return [200, { lease_id: body.lease_id, lease_duration: vault.leased.ttl, renewable: true }];
    }
    if (path === 'sys/leases/revoke') return [vault.leases.delete(body.lease_id) ? 204 : 400, { errors: [] }];
    if (path.startsWith('leased/') && method === 'GET') {
      const id = `${path}/${randomBytes(6).toString('hex')}`;
      vault.leases.set(id, { renewals: 0, until: Date.now() + vault.leased.ttl * 1_000 });
      const data = { username: 'u', password: `p-${randomBytes(12).toString('hex')}` };
      return [200, { lease_id: id, lease_duration: vault.leased.ttl, renewable: vault.leased.renewable, data }];
    }
    const key = /^secret\/data\/(.+)$/.exec(path)?.[1];
    if (key === undefined) return [404, { errors: [`no handler for route "${path}"`] }];
    if (name !== root && !key.startsWith('team/')) return [403, { errors: ['1 error occurred: permission denied'] }];
    const versions = secrets.get(key) ?? [];
    if (method === 'POST') {
      secrets.set(key, [...versions, body.data]);
      return [200, { data: { version: versions.length + 1 } }];
    }
    if (method === 'DELETE') {
      versions[versions.length - 1] = undefined;
      return [204];
    }
    if (versions.length === 0) return [404, { errors: [] }];
    const [data, version] = [versions.at(-1) ?? null, versions.length];
    const metadata = { version, destroyed: false, deletion_time: data ? '' : '2026-01-01T00:00:00Z' };
    const whole = { request_id: 'r', lease_id: '', renewable: false, lease_duration: 0, data: { data, metadata } };
    return [data ? 200 : 404, whole];
  };

  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = decodeURIComponent((request.url ?? '').replace(/^\/v1\//, ''));
    vault.seen.push(`${request.method} ${path} ${request.headers['x-vault-namespace'] ?? ''}`.trim());
    if (vault.trouble === 'silent') return;
    if (vault.trouble === 'redirect')
      return void response.writeHead(307, { location: `http://127.0.0.1:1${request.url}` }).end();
    if (vault.trouble === 'stranger') return void response.writeHead(200).end('<html>Welcome</html>');
    const text = Buffer.concat(chunks).toString('utf8');
    const [status, body] =
      vault.trouble === 'sealed'
        ? [503, { errors: ['Vault is sealed'] }]
        : answer(request.method ?? '', path, request.headers, text === '' ? {} : JSON.parse(text));
    response.writeHead(status, { 'content-type': 'application/json' }).end(status === 204 ? '' : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void http.listen(port, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const stop = async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  const vault: ContractVault = {
    ...vaultAt(address, root, stop),
    trouble: undefined,
    seen: [],
    namespace: undefined,
    leased: { ttl: 2, renewable: true, maxRenewals: 1_000 },
    leases: new Map(),
  };
  return vault;
}
