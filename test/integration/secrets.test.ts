import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, closeCallers } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { type OtlpSink, serveOtlp } from '../otlp.ts';

// Secrets are put wherever people put them, upstreams shout them back, and then they are looked for in everything
// that leaves the house or stays in it.

const seeded: Record<string, string> = {};
/** A secret that nobody can know by its looks, unless `prefix` gives it some. */
function secret(where: string, prefix = ''): string {
  const value = `${prefix}${randomBytes(20).toString('hex')}`;
  seeded[where] = value;
  return value;
}

let fairlead: Fairlead;
let otlp: OtlpSink;
let echo: Awaited<ReturnType<typeof serveEcho>>;
let dataDir: string;
const told: string[] = [];
const adminKey = secret('admin key', 'fl_');

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'fairlead-secrets-'));
  otlp = await serveOtlp();
  echo = await serveEcho();
  const leaky = listedUpstream([
    { name: 'leak', leaks: true, annotations: { readOnlyHint: true } },
    { name: 'change', leaks: true },
    { name: 'strict', inputSchema: { type: 'object', additionalProperties: false, properties: { a: { enum: [1] } } } },
  ]);
  fairlead = await startFairlead({
    dataDir,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      FAIRLEAD_ADMIN_KEY: adminKey,
      FAIRLEAD_SECRET: secret('signing secret'),
    },
    log: { write: (line) => void told.push(line) },
    config: {
      server: { metricsToken: secret('metrics token') },
      upstreams: {
        leaky: {
          ...leaky,
          args: [...leaky.args, '--token', secret('argument'), `--api-key=${secret('argument with its name')}`],
          env: { GREETING: secret('environment') },
        },
        echo: {
          url: echo.url,
          headers: { authorization: `Bearer ${secret('bearer header')}`, 'x-colour': secret('plain header') },
          startTimeoutMs: 2_000,
        },
        query: { url: `${echo.url}?access=${secret('query of an upstream')}`, startTimeoutMs: 2_000 },
      },
    },
  });
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await otlp?.stop();
  await echo?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** An answer, kept to be looked through; `mine` when the one who asked sees only what it sent itself. */
async function tell(path: string, init: Parameters<Fairlead['request']>[1] = {}): Promise<string> {
  const response = await fairlead.request(path, init);
  const text = `${JSON.stringify([...response.headers])} ${await response.text()}`;
  told.push(text);
  return text;
}

it('no secret is found in a log line, a span, a metric, an error, an audit record or a file [SP-9] [SP-16] [SP-18]', async () => {
  const args = {
    password: secret('value with a telling name'),
    deep: [{ config: { client_secret: secret('value deep inside') } }],
    command: `curl -H "Authorization: Bearer ${secret('bearer in a text')}" https://example.com`,
    database: `postgres://user:${secret('password of a URL')}@db.example.com/app`,
    github: secret('token with a prefix', 'ghp_'),
  };
  const env = { name: 'API_KEY', value: secret('pair of name and value') };
  for (const tool of ['leaky.leak', 'leaky.change', 'leaky.strict', 'leaky.nothing']) {
    // A program's own output is text, where such a pair shows by nothing.
    const sent = tool === 'leaky.strict' ? { ...args, env } : args;
    await tell(`/api/v1/tools/${tool}/call`, {
      json: { arguments: sent },
      headers: { 'idempotency-key': `key-${tool}`, cookie: `session=${secret('cookie')}` },
    });
    for (const era of ['sessions', 'modern'] as const) {
      const client = await caller(fairlead, era);
      const ended = await client
        .callTool({ name: tool, arguments: sent })
        .catch((error: Error & { data?: unknown }) => ({ message: error.message, data: error.data }));
      told.push(JSON.stringify(ended));
    }
  }

  // What is not let in, and what is asked for in the wrong way.
  const wrong = secret('wrong key', 'fl_');
  await tell('/api/v1/tools', { key: wrong });
  await tell('/mcp', { key: wrong, json: { jsonrpc: '2.0', id: 1, method: 'tools/list' } });
  await tell(`/api/v1/tools?token=${secret('query')}`);
  // Who asks is told again what it asked for; nobody else is.
  await fairlead.request(`/api/v1/tools/${secret('unknown name', 'fl_')}/call`, { json: {} });
  await tell('/api/v1/keys', { json: { name: 1, password: secret('body that is refused') } });
  const client = await caller(fairlead, 'modern');
  const uri = `leaky+file:///x?token=${secret('URI')}`;
  told.push(await client.readResource({ uri }).then(JSON.stringify, () => ''));

  // What people give at run time.
  await tell('/api/v1/upstreams', {
    json: {
      name: 'later',
      settings: {
        url: 'https://example.invalid/mcp',
        headers: { authorization: `Bearer ${secret('run-time header')}` },
      },
    },
  });
  await tell('/api/v1/upstreams/test', {
    json: { settings: { url: 'https://example.invalid/mcp', headers: { 'x-key': secret('tried header') } } },
  });
  const created = await (await fairlead.request('/api/v1/keys', { json: { name: 'new', roles: ['viewer'] } })).json();
  seeded['new key'] = created.secret;
  expect(created.secret).toMatch(/^fl_/);

  // Everything that can be asked.
  for (const path of [
    'upstreams',
    'upstreams/leaky',
    'upstreams/echo',
    'upstreams/later',
    'tools',
    'keys',
    'orgs',
    'me',
  ])
    await tell(`/api/v1/${path}`);
  for (const path of ['/api/v1/audit?limit=500', '/api/v1/audit/export', '/metrics', '/readyz', '/healthz'])
    await tell(path);
  const status = await client.readResource({ uri: 'fairlead://status' });
  told.push(JSON.stringify(status));
  await closeCallers();
  await fairlead.stop();
  told.push(...otlp.bodies);
  for (const [path, text] of filesIn(dataDir)) told.push(`${path} ${text}`);

  // The seeds did go where they should: otherwise this would prove nothing.
  expect(echo.headers.join()).toContain(seeded['plain header']);
  expect(told.join()).toMatch(/"leaky\.leak"/);
  expect(told.length).toBeGreaterThan(100);

  const found = Object.entries(seeded).flatMap(([where, value]) => {
    const text = told.find((each) => each.includes(value));
    return text === undefined ? [] : [`${where}: ${excerpt(text, value)}`];
  });
  expect(found).toEqual([]);
}, 120_000);

function excerpt(text: string, value: string): string {
  const at = text.indexOf(value);
  return `${text.slice(0, 60)} ... ${text.slice(Math.max(0, at - 200), at + value.length + 20)}`;
}

function filesIn(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, readFileSync(path, 'latin1')]);
}

/** An upstream that does nothing but tell everybody what it was sent. */
async function serveEcho() {
  const headers: string[] = [];
  const http = createServer((request, response) => {
    const sent = JSON.stringify([request.headers, request.url]);
    headers.push(sent);
    response.writeHead(500, { 'content-type': 'text/plain', 'x-echo': encodeURIComponent(sent) }).end(`no: ${sent}`);
  });
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    headers,
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
