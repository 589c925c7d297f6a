// What the promises of a call cost at least: `node bench/floor.ts <url>` is a gateway without an inside. It looks the key
// up, validates, decides, makes the audit record durable before it answers and ships it into the chain, all by the
// functions that Fairlead uses, and has nothing else: no endpoints, questions, time-outs, breakers, metrics or log.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAudit } from '../src/capabilities/audit/index.ts';
import { createSchemaChecks } from '../src/gateway/schemas.ts';
import { newId } from '../src/kernel/ids.ts';
import { parseJson } from '../src/kernel/json.ts';
import type { Principal } from '../src/kernel/principal.ts';
import { createEgress } from '../src/platform/http/index.ts';
import { testAuditSettings, testKeyring } from '../test/audit-calls.ts';
import { servedKey } from '../test/served.ts';
import { openStorage } from './storage.ts';

const upstream = new URL(process.argv[2] ?? '');
const { database, dataDir, log, stop } = await openStorage('');
const egress = createEgress({ allow: [], log });
const clock = { now: () => Date.now() };
const audit = createAudit({
  ...{ db: database.db, kind: database.kind, dataDir, keyring: testKeyring, clock, log, replicaId: 'floor' },
  settings: { ...testAuditSettings, durability: 'file' },
});
await audit.start();

const principal: Principal = Object.freeze<Principal>({
  ...{ id: 'key:1', kind: 'service', org: 'default', name: 'bench', roles: ['admin'], scopes: ['tools:call'] },
  credential: { kind: 'api_key', id: '1' },
});
const keys = new Map([[testKeyring.hash('api-keys', servedKey), principal]]);
const inputSchema = {
  type: 'object',
  properties: { text: { type: 'string', maxLength: 10_000 } },
  required: ['text'],
  additionalProperties: false,
};
const checks = createSchemaChecks();
const rules = ['shipped:admin'];
const annotations = { readOnly: true, destructive: false, idempotent: false, openWorld: true };
const decisions = new Map([['key:1 web.echo', { allowed: true, unattended: true, rules, policyVersion: 'sha256:0' }]]);
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'floor', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const sent = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'echo',
};

const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const startedAt = performance.now();
    const key = incoming.headers.authorization?.slice('Bearer '.length) ?? '';
    const caller = keys.get(testKeyring.hash('api-keys', key));
    const { id, params } = parseJson(Buffer.concat(chunks).toString('utf8')) as { id: number; params: never };
    const { arguments: args } = params as { arguments: { text: string } };
    const decision = caller && decisions.get(`${caller.id} web.echo`);
    if (!caller || !decision || checks.faults('in:echo', inputSchema, args).length > 0) {
      outgoing.writeHead(400).end();
      return;
    }
    const place = audit.reserve();
    const answer: Buffer[] = [];
    const done = async () => {
      const told = parseJson(Buffer.concat(answer).toString('utf8')) as { result: { content: never[] } };
      const result = { content: told.result.content };
      const callId = newId('call');
      await audit.record(place, {
        ...{ id: callId, org: 'default', at: Date.now(), kind: 'call', principal: caller, surface: 'mcp' },
        ...{ operation: 'tool', tool: 'web.echo', toolDigest: 'sha256:0', annotations, upstream: 'web', rule: 'x' },
        ...{ arguments: args, clientAddress: '127.0.0.1', result, outcome: 'ok' },
        decision: { ...decision, context: { arguments: {}, environment: 'development', surface: 'mcp' } },
        durationMs: performance.now() - startedAt,
      });
      const text = JSON.stringify({ jsonrpc: '2.0', id, result: { ...result, _meta: { callId } } });
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      outgoing.writeHead(200, headers).end(text);
    };
    const body = JSON.stringify({
      ...{ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo', arguments: args, _meta: meta } },
    });
    const receiver = { head: () => undefined, data: (chunk: Buffer) => void answer.push(chunk) };
    egress.post(upstream, { headers: sent, body, guarded: false }, receiver).over.then(done, () => {
      place.release();
      outgoing.writeHead(502).end();
    });
  });
});
process.once('SIGTERM', () => {
  void audit
    .stop()
    .then(stop)
    .finally(() => process.exit());
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});
