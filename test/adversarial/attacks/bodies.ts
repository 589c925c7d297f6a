import { expect } from 'vitest';
import { type Attack, refused } from '../attack.ts';
import { operations } from '../operations.ts';
import type { Answer, World } from '../world.ts';

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const key = (more: string) => `{"name":"made","roles":["viewer"]${more}}`;

/** Bodies for a route that makes something. */
const malformed: Record<string, string | Uint8Array<ArrayBuffer>> = {
  'nested ten thousand times': key(`,"x":${nested(10_000)}`),
  'of ten thousand open brackets': '['.repeat(10_000),
  'with __proto__': key(',"__proto__":{"roles":["admin"]}'),
  'with __proto__ spelled in escapes': key(',"\\u005f_proto__":{"roles":["admin"]}'),
  'with constructor.prototype': key(',"constructor":{"prototype":{"roles":["admin"]}}'),
  'with __defineGetter__': key(',"__defineGetter__":"x"'),
  'with a NUL in a name': '{"name":"a\\u0000b","roles":["viewer"]}',
  'with a NUL in a key': key(',"a\\u0000b":1'),
  'with a lone half of a character': '{"name":"\\ud800","roles":["viewer"],"x":1}',
  'with a number beyond all numbers': key(',"expiresAt":1e999'),
  'with a number as a text': key(',"expiresAt":"9999999999999"'),
  'with NaN': key(',"expiresAt":NaN'),
  'with a comment': '{"name":"made",/* */"roles":["viewer"]}',
  'with a comma too many': key(','),
  'in UTF-16': Buffer.from(key(''), 'utf16le'),
  'in UTF-7': '+AHsAIgBuAGEAbQBlACI-',
  'with bytes that are no text': Buffer.concat([
    Buffer.from('{"name":"'),
    Buffer.from([0xff, 0xfe, 0x80]),
    Buffer.from('"}'),
  ]),
  'that is a list of bodies': `[${key('')}]`,
  'that is a text': JSON.stringify(key('')),
  'with roles as an object': '{"name":"made","roles":{"0":"admin","length":1}}',
  'with a role in capitals': '{"name":"made","roles":["ADMIN"]}',
  'with a role in other letters that look alike': '{"name":"made","roles":["аdmin"]}',
  'with a role a thousand times': JSON.stringify({ name: 'made', roles: Array(10_000).fill('viewer') }),
  'with a name of two lines': '{"name":"made\\r\\nSet-Cookie: a=b","roles":["viewer"]}',
  'with a name of escapes for a terminal': '{"name":"\\u001b[2J","roles":["viewer"]}',
  'of two documents': `${key('')}${key('')}`,
  'of a megabyte and more': `{"name":"${'a'.repeat(1_100_000)}","roles":["viewer"]}`,
};

const json = { 'content-type': 'application/json' };

/** Media types under which a form of another site could send JSON. */
const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json', ''];

export const bodyAttacks: Attack[] = [
  ...Object.entries(malformed).map(([name, body]) => ({
    name: `a body ${name}`,
    async run({ send }: World) {
      const answer = await send('/api/v1/keys', { method: 'POST', body, headers: json });
      refused(answer, [400, 413]);
      const mcp = { ...json, accept: 'application/json, text/event-stream' };
      const asMessage = await send('/mcp', { method: 'POST', body, headers: mcp });
      expect(asMessage.status).toBeGreaterThanOrEqual(400);
      expect(asMessage.status).toBeLessThan(500);
    },
  })),
  ...types.map((type) => ({
    name: `JSON that is declared as "${type}"`,
    async run({ send }: World) {
      const body = key('');
      refused(await send('/api/v1/keys', { method: 'POST', body, headers: { 'content-type': type } }), [400, 415]);
    },
  })),
  {
    name: 'a key of a body twice, the harmless one first',
    async run({ send, keys, ledger }) {
      const body = '{"arguments":{"text":"harmless"},"arguments":{"text":"other"},"arguments":"x"}';
      refused(
        await send('/api/v1/tools/ledger.free/call', { key: keys.developer, method: 'POST', body, headers: json }),
      );
      expect(ledger.lines()).not.toContain('free harmless');
    },
  },
  // Every route that takes JSON, whatever is added later: what it does not know it does not take.
  ...operations
    .filter(({ bodyType, example }) => bodyType === 'application/json' && example !== undefined)
    .filter(({ path }) => !path.endsWith('/call')) // its body is the tool's
    .map(({ method, path, example }) => ({
      name: `${method} ${path} with fields that nobody asked for`,
      async run({ send, things }: World) {
        const target = path.replace(/\{(\w+)\}/g, (_, name) =>
          encodeURIComponent(things[kindOf(path, name)] ?? 'made'),
        );
        const extra = { isAdmin: true, org: 'acme', createdBy: 'user:eve', id: 'chosen', revokedAt: null };
        for (const [field, value] of Object.entries(extra)) {
          if (field in (example as object)) continue;
          const answer: Answer = await send(target, { method, json: { ...(example as object), [field]: value } });
          refused(answer, [400]);
          expect(answer.text, field).toMatch(/[Uu]nrecognized key|[Uu]nknown|must not/);
        }
      },
    })),
];

/** Which of the world's things a parameter of a path is about. */
export function kindOf(path: string, parameter: string): string {
  if (parameter === 'session') return 'session';
  const [, , , noun = ''] = path.split('/');
  const kinds: Record<string, string> = {
    keys: 'key',
    users: path.includes('/invitations/') ? 'invitation' : 'user',
    services: 'service',
    approvals: 'approval',
    audit: 'call',
    policies: 'policy',
    limits: 'limit',
    endpoints: 'endpoint',
    upstreams: 'upstream',
    connections: 'upstream',
    tools: 'tool',
    orgs: 'org',
    events: path.includes('/destinations/') ? 'destination' : 'none',
    knowledge: path.includes('/collections/') ? 'collection' : 'none',
  };
  return kinds[noun] ?? 'none';
}
