// Long, because one run seeds every place that takes a secret and then looks through everything that was written.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the file's references look like placeholders
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { openDatabase } from '../../src/platform/db/index.ts';
import { createLog } from '../../src/platform/telemetry/index.ts';
import { run, runProgram, type Started, startProgram, temporaryHome } from '../cli/run.ts';
import { databaseFor } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { type OtlpSink, serveOtlp } from '../otlp.ts';
import { type ContractVault, startContractVault } from '../vault.ts';

// A real server in a process of its own, with a random secret in every place where one may stand: it works, fails, is
// told nonsense, is killed, and goes on. Then each of them is looked for in all that anything of it wrote or showed.

const seeded: Record<string, string> = {};
function secret(where: string): string {
  const value = randomBytes(20).toString('hex'); // which nothing can know by its looks
  seeded[where] = value;
  return value;
}

/** Everything that was written, with where it comes from. */
const written: { from: string; text: string }[] = [];
const keep = (from: string, what: string) => void written.push({ from, text: what });

let home: ReturnType<typeof temporaryHome>;
let env: Record<string, string>;
let vault: ContractVault;
let otlp: OtlpSink;
let echo: Awaited<ReturnType<typeof serveEcho>>;
let database: Awaited<ReturnType<typeof databaseFor>>;
let server: Started | undefined;
let url = '';
let watching: NodeJS.Timeout;
const adminKey = secret('admin key');

beforeAll(async () => {
  home = temporaryHome();
  [vault, otlp, echo] = [await startContractVault(), await serveOtlp(), await serveEcho()];
  database = await databaseFor(join(home.home, 'data'));
  const role = await vault.makeAppRole(600);
  seeded['secret id of the vault'] = role.secretId;
  writeFileSync(join(home.home, 'secret-id'), `${role.secretId}\n`);
  writeFileSync(join(home.home, 'file-header'), secret('header by a file'));
  await vault.put('team/crm', {
    token: secret('header of the vault'),
    query: secret('query of the vault'),
    child: secret('environment of the vault'),
    model: secret('key of a model'),
    basic: `user:${secret('password of an API')}`,
    runtime: secret('run-time secret of the vault'),
    unused: secret('value beside those in use'),
  });
  env = {
    ...home.env,
    ...database.env,
    FAIRLEAD_DATA_DIR: join(home.home, 'data'),
    FAIRLEAD_ADMIN_KEY: adminKey,
    FAIRLEAD_SECRET: secret('secret of the server'),
    FAIRLEAD_LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    ROLE_ID: role.roleId,
    HEADER: secret('header of the environment'),
    CHILD: secret('environment of a child'),
    METRICS: secret('metrics token'),
    SHARED: secret('shared secret of an issuer'),
  };
  write(config());
  // Processes come and go: what stands in their command lines is looked at all the time.
  watching = setInterval(() => {
    for (const [pid, line] of commandLines()) keep(`command line of ${pid}`, line);
  }, 100);
}, 120_000);

afterAll(async () => {
  clearInterval(watching);
  await server?.stop();
  await database?.drop();
  for (const it of [vault, otlp, echo]) await it?.stop();
  home?.remove();
});

function config(): Record<string, unknown> {
  const tools = [
    { name: 'leak', leaks: true, annotations: { readOnlyHint: true } },
    { name: 'change', leaks: true },
  ];
  return {
    secrets: {
      vault: {
        address: vault.address,
        auth: { appRole: { roleId: '${env:ROLE_ID}', secretId: '${file:secret-id}' } },
        refreshEveryMs: 1_000,
        runtime: { default: ['team/crm#runtime'] },
      },
    },
    server: { metricsToken: '${env:METRICS}' },
    development: true,
    auth: {
      builtIn: true,
      issuers: [{ issuer: 'https://issuer.invalid', sharedSecret: '${env:SHARED}', algorithms: ['HS256'] }],
    },
    models: {
      chat: { url: `${echo.url}/v1`, model: 'm', apiKey: '${vault:team/crm#model}' },
      embedding: { url: `${echo.url}/v1`, model: 'e', apiKey: '${vault:team/crm#model}' },
      reranker: { url: `${echo.url}/v2`, model: 'r', apiKey: '${vault:team/crm#model}' },
    },
    knowledge: { collections: { notes: { readers: ['everyone'] } } },
    egress: { allow: ['127.0.0.1'] },
    upstreams: {
      leaky: { ...listedUpstream(tools), env: { GREETING: '${env:CHILD}', OTHER: '${vault:team/crm#child}' } },
      vaulted: { ...listedUpstream(tools), env: { GREETING: '${vault:team/crm#child}' } },
      refused: {
        url: `${echo.url}/refuse?key=\${vault:team/crm#query}`,
        headers: {
          authorization: 'Bearer ${vault:team/crm#token}',
          'x-env': '${env:HEADER}',
          'x-file': '${file:file-header}',
        },
        startTimeoutMs: 2_000,
      },
      talkative: {
        url: `${echo.url}/mcp`,
        headers: {
          authorization: 'Bearer ${vault:team/crm#token}',
          'x-env': '${env:HEADER}',
          'x-file': '${file:file-header}',
        },
      },
      api: {
        openapi: {
          openapi: '3.1.0',
          info: { title: 'Echo', version: '1' },
          servers: [{ url: `${echo.url}/api` }],
          components: { securitySchemes: { login: { type: 'http', scheme: 'basic' } } },
          security: [{ login: [] }],
          paths: { '/thing': { get: { operationId: 'thing', responses: { 200: { description: 'It' } } } } },
        },
        secrets: { login: '${vault:team/crm#basic}' },
      },
    },
  };
}

const write = (settings: object) => writeFileSync(join(home.home, 'fairlead.yaml'), stringify(settings));

async function serve(): Promise<void> {
  server = startProgram(['serve', '--port', '0'], { env, cwd: home.home });
  await server.says(/ready after/);
  url = /serves MCP at (https?:\S+)\/mcp/.exec(server.stdout())?.[1] ?? '';
}

function keepServer(): void {
  keep('standard output', server?.stdout() ?? '');
  keep('standard error', server?.stderr() ?? '');
}

/** A command; all that it said is kept, but for what is shown this once. */
async function cli(args: readonly string[], { shows = false, alone = false } = {}) {
  const ran = await (alone ? runProgram : run)(args, { env, cwd: home.home });
  keep(`stderr of ${args.join(' ')}`, ran.stderr);
  if (!shows) keep(`stdout of ${args.join(' ')}`, ran.stdout);
  return ran;
}

async function ask(path: string, json?: unknown, { key = adminKey, shows = false } = {}): Promise<string> {
  const response = await fetch(`${url}${path}`, {
    method: json === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const answer = `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`;
  if (!shows) keep(`answer of ${path}`, answer);
  return answer;
}

it('leaves no secret in anything that it writes, however things go [AC-5]', { timeout: 600_000 }, async () => {
  await serve();

  // It works, and fails, with upstreams that shout back what they were sent.
  for (const tool of ['leaky.leak', 'leaky.change', 'vaulted.leak', 'refused.any', 'api.thing'])
    await ask(`/api/v1/tools/${tool}/call`, { arguments: {} });
  for (const tool of ['tell', 'fail', 'crash']) {
    await ask(`/api/v1/tools/talkative.${tool}/call`, { arguments: {} });
    await cli(['call', `talkative.${tool}`]);
  }
  await ask('/api/v1/tools/knowledge.ingest/call', {
    arguments: { collection: 'notes', title: 'a', text: 'The mast is high. '.repeat(20) },
  });
  await ask('/api/v1/tools/knowledge.answer/call', { arguments: { question: 'How high is the mast?' } });
  await ask('/api/v1/tools/knowledge.query/call', { arguments: { query: 'the mast' } });

  // Given at run time, good and bad.
  const headers = { authorization: 'Bearer ${vault:team/crm#runtime}', 'x-more': secret('header given at run time') };
  await ask('/api/v1/upstreams', { name: 'later', settings: { url: `${echo.url}/refuse`, headers } });
  await ask('/api/v1/upstreams', { name: 'allowed', settings: { url: `https://example.invalid/mcp`, headers } });
  await ask('/api/v1/upstreams/test', {
    settings: { url: `https://example.invalid/mcp`, headers, nonsense: secret('unknown key') },
  });
  await ask('/api/v1/upstreams', {
    name: 'more',
    settings: { url: 'https://example.invalid', headers: { a: '${vault:team/crm#unused}' } },
  });

  // Keys, people and machines.
  const made = JSON.parse(
    (await ask('/api/v1/keys', { name: 'k', roles: ['viewer'] }, { shows: true })).replace(/^.*?\] /, ''),
  );
  seeded['API key'] = made.secret;
  const keyOfCli = await cli(['keys', 'create', '--name', 'second', '--role', 'viewer', '--json'], {
    shows: true,
    alone: true,
  });
  seeded['API key of the command line'] = JSON.parse(keyOfCli.stdout).secret;
  const service = JSON.parse(
    (await ask('/api/v1/services', { name: 's', roles: ['viewer'] }, { shows: true })).replace(/^.*?\] /, ''),
  );
  seeded['secret of a service account'] = service.secret;
  for (const name of ['API key', 'API key of the command line', 'secret of a service account'])
    expect(seeded[name]).toMatch(/.{20}/);
  const password = secret('password of a person');
  const invited = JSON.parse(
    (await ask('/api/v1/users/invitations', { email: 'ada@example.com', role: 'developer' }, { shows: true }))
      .replace(/^.*?\] /, '{"x":0}')
      .replace('{"x":0}', ''),
  );
  const link = [...JSON.stringify(invited).matchAll(/https?:[^"\\]+/g)].map(([found]) => found)[0];
  if (link !== undefined) {
    const token = new URL(link).searchParams.get('token') ?? link.split(/[/=]/).at(-1) ?? '';
    if (token.length > 15) seeded['token of an invitation'] = token;
    const form = new URLSearchParams({ name: 'Ada', password, repeat: password });
    await fetch(link, { method: 'POST', body: form, headers: { origin: new URL(link).origin } }).then((it) =>
      it.text(),
    ); // the page holds its own token, for whoever has it
  }
  for (const way of ['/sign-in', '/api/auth/sign-in/email']) {
    const body = new URLSearchParams({ email: 'ada@example.com', password });
    await fetch(`${url}${way}`, { method: 'POST', body, headers: { origin: url } })
      .then((it) => it.text())
      .then((it) => keep(way, it));
  }
  const basic = Buffer.from(`nobody:${secret('wrong secret of a client')}`).toString('base64');
  await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: 'grant_type=client_credentials',
  });
  await ask('/api/v1/tools', undefined, { key: secret('key that does not count') });
  await ask(`/mcp?token=${secret('query of a request')}`, { jsonrpc: '2.0', id: 1, method: 'tools/list' });

  // A file with faults, and each of them near a secret.
  const good = config();
  const upstreams = good.upstreams as Record<string, object>;
  const literal = secret('literal in a faulty file');
  for (const faulty of [
    { ...good, server: { metricsToken: 'short', adminKey: 7, [secret('secret where a key should be')]: 1 } },
    {
      ...good,
      upstreams: { ...upstreams, bad: { url: `not a url ${literal}`, headers: { authorization: [literal] } } },
    },
    {
      ...good,
      upstreams: {
        ...upstreams,
        bad: { url: `http://u:${literal}@127.0.0.1:1/${literal}`, headers: { a: '${vault:team/crm#nope}' } },
      },
    },
    { ...good, models: { chat: { url: literal, apiKey: { literal }, model: 'm' } } },
    { ...good, auth: { issuers: [{ issuer: literal, sharedSecret: 'short', algorithms: [literal] }] } },
  ]) {
    write(faulty);
    server?.child.kill('SIGHUP');
    await cli(['config', 'check']);
    await cli(['config', 'check', '--json']);
    await cli(['doctor']);
    await cli(['secrets', 'check', '--json']);
  }
  writeFileSync(
    join(home.home, 'fairlead.yaml'),
    `upstreams:\n  a: {url: ${literal}\n\tx: "${literal}\n${literal}: ${literal}: - [`,
  );
  await cli(['config', 'check']);
  await cli(['serve', '--port', '0']);
  write(good);
  server?.child.kill('SIGHUP');

  // Rotation, a vault in trouble, tokens that are refused.
  await vault.put('team/crm', {
    ...Object.fromEntries(Object.entries(valuesInVault()).map(([key, value]) => [key, value])),
    token: secret('header of the vault, rotated'),
  });
  await vi.waitFor(() => expect(echo.seen.join()).toContain(seeded['header of the vault, rotated']), 60_000);
  vault.trouble = 'stranger';
  await vi.waitFor(async () => expect(await ask('/readyz')).toMatch(/in use cannot be read/), 60_000);
  await cli(['secrets', 'check']);
  vault.trouble = undefined;

  // All that can be asked.
  for (const path of [
    'upstreams',
    'upstreams/leaky',
    'upstreams/refused',
    'upstreams/talkative',
    'upstreams/api',
    'upstreams/later',
    'tools',
    'keys',
    'orgs',
    'me',
    'status',
    'secrets',
    'services',
    'users',
    'audit?limit=500',
    'audit/export',
  ])
    await ask(`/api/v1/${path}`);
  for (const path of ['/metrics', '/readyz', '/openapi.json']) await ask(path);
  for (const args of [
    ['upstreams', 'list'],
    ['tools', 'list'],
    ['keys', 'list'],
    ['audit'],
    ['audit', 'export'],
    ['audit', 'verify'],
    ['doctor'],
    ['secrets', 'check'],
    ['tools', 'describe', 'leaky.leak'],
    ['call', 'leaky.leak'],
    ['nonsense', '--secret', 'x'],
  ])
    await cli(args);

  // It is killed in the middle, and starts again on what it left.
  const dying = ask('/api/v1/tools/talkative.hang/call', { arguments: {} }).catch(() => '');
  await vi.waitFor(() => expect(echo.hanging()).toBe(1), 30_000);
  server?.child.kill('SIGKILL');
  await server?.ended;
  await dying;
  keepServer();
  for (const [path, content] of filesIn(home.home)) keep(`file after the kill ${path}`, content);
  await serve();
  await ask('/api/v1/tools/leaky.leak/call', { arguments: {} });
  await vi.waitFor(() => expect(otlp.bodies.length).toBeGreaterThan(0), 60_000);
  await server?.stop();
  keepServer();
  await cli(['backup', 'fairlead.backup'], { alone: true });
  await cli(['audit', 'verify']);
  clearInterval(watching);
  for (const body of otlp.bodies) keep('traces', body);
  for (const [path, content] of filesIn(home.home)) keep(`file ${path}`, content);
  for (const [table, rows] of await tables()) keep(`table ${table}`, rows);

  const found = Object.entries(seeded).flatMap(([where, value]) =>
    [value, Buffer.from(`user:${value}`).toString('base64')].flatMap((form) => {
      const leaks = written.filter((one) => one.text.includes(form));
      const [first] = leaks;
      if (!first) return [];
      const at = first.text.indexOf(form);
      const places = [...new Set(leaks.map(({ from }) => from))].slice(0, 6).join(' | ');
      return [`${where} in ${places}: ...${first.text.slice(Math.max(0, at - 160), at + form.length + 20)}`];
    }),
  );
  expect(found).toEqual([]);

  // Each of them went where it should: otherwise this would prove nothing.
  const sent = echo.seen.join();
  const went = [
    ...[
      'header of the vault',
      'query of the vault',
      'key of a model',
      'run-time secret of the vault',
      'header by a file',
    ],
    ...['header of the environment', 'header given at run time'],
  ].filter((where) => !sent.includes(seeded[where] ?? ''));
  expect(went, 'seeds that went nowhere').toEqual([]);
  const basicForm = Buffer.from(`user:${seeded['password of an API']}`).toString('base64');
  expect(sent.includes(basicForm)).toBe(true);
  const all = written.map(({ from }) => from);
  for (const some of ['standard error', 'table audit', 'traces', 'answer of /metrics', 'command line'])
    expect(
      all.some((from) => from.startsWith(some)),
      some,
    ).toBe(true);
  expect(written.find(({ from }) => from === 'standard error')?.text).toMatch(/"severity":"DEBUG"/);
});

function valuesInVault(): Record<string, string> {
  const names = {
    query: 'query of the vault',
    child: 'environment of the vault',
    model: 'key of a model',
    runtime: 'run-time secret of the vault',
  };
  const values = Object.fromEntries(Object.entries(names).map(([key, where]) => [key, seeded[where] ?? '']));
  return { ...values, basic: `user:${seeded['password of an API']}` };
}

function filesIn(folder: string): [string, string][] {
  const given = ['fairlead.yaml', 'secret-id', 'file-header'];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !given.includes(name) && statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
    .map((name) => [name, readFileSync(join(folder, name), 'latin1')]);
}

/** Every row as text: on the pages of a database long values are packed. */
async function tables(): Promise<[string, string][]> {
  const log = createLog({ level: 'silent', service: 'test' });
  const { DATABASE_URL: databaseUrl } = database.env;
  const opened = await openDatabase({ databaseUrl, dataDir: join(home.home, 'data'), log });
  try {
    const { rows } = await opened.pool.query<{ name: string }>(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`,
    );
    const texts: [string, string][] = [];
    for (const { name } of rows) {
      const found = await opened.pool.query<{ row: string }>(`select t::text as row from ${name} t`);
      texts.push([name.replace(/^public\./, ''), found.rows.map(({ row }) => row).join('\n')]);
    }
    return texts;
  } finally {
    await opened.stop();
  }
}

function commandLines(): [string, string][] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid): [string, string][] => {
      try {
        return [[pid, readFileSync(`/proc/${pid}/cmdline`, 'latin1')]];
      } catch {
        return []; // it has ended
      }
    });
}

/** MCP, models and an API in one, which tells everybody what it was sent. */
async function serveEcho() {
  const seen: string[] = [];
  let hanging = 0;
  const tools = ['tell', 'fail', 'crash', 'hang'].map((name) => ({
    name,
    inputSchema: { type: 'object' },
    annotations: { readOnlyHint: true },
  }));
  const http = createServer(async (request, response) => {
    const body = await text(request);
    const sent = JSON.stringify([request.headers, request.url]);
    seen.push(sent);
    const json = (status: number, value: unknown) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'x-echo': encodeURIComponent(sent) })
        .end(JSON.stringify(value));
    if (!request.url?.startsWith('/mcp'))
      return void json(request.url?.startsWith('/api') ? 400 : 401, {
        error: { message: `no: ${sent}` },
        detail: sent,
      });
    const { id, method, params } = body === '' ? {} : JSON.parse(body);
    const result = (value: object) => json(200, { jsonrpc: '2.0', id, result: value });
    if (method === 'initialize')
      return void result({
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'echo', version: '1' },
        instructions: `Sent with ${sent}`,
      });
    if (method === 'tools/list')
      return void result({ tools: tools.map((tool) => ({ ...tool, description: `Was asked with ${sent}` })) });
    if (method !== 'tools/call')
      return void (id === undefined
        ? response.writeHead(202).end()
        : json(200, { jsonrpc: '2.0', id, error: { code: -32_601, message: `no ${sent}`, data: sent } }));
    if (params.name === 'tell') return void result({ content: [{ type: 'text', text: sent }] });
    if (params.name === 'fail')
      return void result({ isError: true, content: [{ type: 'text', text: `refused: ${sent}` }] });
    if (params.name === 'crash')
      return void json(200, {
        jsonrpc: '2.0',
        id,
        error: { code: -32_000, message: `broken: ${sent}`, data: { sent } },
      });
    hanging++;
  });
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    seen,
    hanging: () => hanging,
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
