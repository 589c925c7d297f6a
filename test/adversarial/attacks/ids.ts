import { expect } from 'vitest';
import { type Attack, refused } from '../attack.ts';
import { type Operation, operations } from '../operations.ts';
import type { World } from '../world.ts';
import { kindOf } from './bodies.ts';

/** In place of an id, as they stand in the target. */
const tricks = [
  '..',
  '%2e%2e',
  '..%2f..%2fetc%2fpasswd',
  '..%5c..%5cwindows',
  '%2fetc%2fpasswd',
  '%252e%252e%252f',
  '%00',
  'a%00.txt',
  '%c0%ae%c0%ae',
  '%u002e%u002e',
  '%ff',
  '%E2%80%AE',
  'a%0d%0aSet-Cookie:%20x=1',
  '%27%20or%20%271%27=%271',
  '%25',
  '*',
  '__proto__',
  '%7B%22$ne%22:1%7D',
  '-1',
  '9'.repeat(400),
  'a'.repeat(8_000),
  '%F0%9F%98%80',
  'a%20b',
];

const bodyFor = ({ bodyType, example }: Operation) =>
  bodyType === 'application/json' ? { json: example ?? {} } : bodyType === undefined ? {} : { body: new FormData() };

function pathOf(operation: Operation, idOf: (name: string) => string): string {
  return operation.path.replace(/\{(\w+)\}/g, (_, name) => idOf(name));
}

/** Of these everybody has some of their own names, so that only what is shown can differ. */
const isShared = ({ path }: Operation) => path.startsWith('/api/v1/tools');

const withIds = operations.filter(({ parameters }) => parameters.length > 0);

export const idAttacks: Attack[] = [
  ...withIds.map((operation) => ({
    name: `${operation.method} ${operation.path} with paths, codes and patterns as ids`,
    async run({ send, keys }: World) {
      await Promise.all(
        tricks.map(async (trick) => {
          const path = pathOf(operation, () => trick);
          // `..` climbs before it is sent: it is then another route, which whoever asks may have.
          const climbed = new URL(path, 'http://here').pathname !== path;
          if (climbed && operation.method !== 'GET') return;
          const answer = await send(path, { method: operation.method, key: keys.acmeAdmin, ...bodyFor(operation) });
          if (!climbed || answer.status >= 300) refused(answer, [400, 403, 404, 405, 409, 414, 415, 422, 431]);
          expect(answer.headers.getSetCookie()).toEqual([]);
        }),
      );
    },
  })),
  ...withIds
    .filter((operation) => !isShared(operation))
    .map((operation) => ({
      name: `${operation.method} ${operation.path} with the real id of another organisation`,
      async run({ send, keys, things }: World) {
        const real = pathOf(operation, (name) => encodeURIComponent(things[kindOf(operation.path, name)] ?? 'none'));
        // What is made by its name is made in the organisation of who asks: only what is there could be somebody's.
        const makes = operation.method === 'PUT' && /\{name\}$/.test(operation.path);
        for (const query of operation.inOrg ? [...(makes ? [] : ['']), '?org=default'] : makes ? [] : ['']) {
          const answer = await send(`${real}${query}`, {
            method: operation.method,
            key: keys.acmeAdmin,
            ...bodyFor(operation),
          });
          if (answer.status === 200) expect(leaks(answer.text, things)).toEqual([]);
          else refused(answer);
        }
      },
    })),
  ...operations
    .filter(({ inOrg, parameters }) => inOrg && parameters.length === 0)
    .map((operation) => ({
      name: `${operation.method} ${operation.path} in an organisation that is not one’s own`,
      async run({ send, keys }: World) {
        for (const query of [
          'org=default',
          'org=acme&org=default',
          'org[]=default',
          'org=default%00',
          'org=*',
          'org=',
        ]) {
          const answer = await send(`${operation.path}?${query}`, {
            method: operation.method,
            key: keys.acmeAdmin,
            ...bodyFor(operation),
          });
          // Of two the first one counts, and that is one's own.
          if (query.startsWith('org=acme') && operation.method === 'GET')
            expect(answer.text).not.toContain('"org":"default"');
          else if (!query.startsWith('org=acme')) refused(answer, [400, 404, 415]);
        }
      },
      mayChange: ['access_keys', 'access_revision', 'signin_invitations', 'signin_services', 'signin_revision'],
    })),
  ...operations.map((operation) => ({
    name: `${operation.method} ${operation.path} without a key, with a cookie, and with too little`,
    async run({ send, keys, things, victim }: World) {
      const path = pathOf(operation, (name) => encodeURIComponent(things[kindOf(operation.path, name)] ?? 'none'));
      const init = { method: operation.method, ...bodyFor(operation) };
      const cookie = [...victim.browser.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
      refused(await send(path, { ...init, key: null }), [401]);
      refused(await send(path, { ...init, key: null, headers: { cookie } }), [401]);
      refused(await send(path, { ...init, key: null, headers: { cookie, 'x-http-method-override': 'GET' } }), [401]);
      if (operation.scope === undefined || ['tools:read', 'tools:call'].includes(operation.scope)) return;
      const answer = await send(path, { ...init, key: keys.viewer });
      refused(answer, [403]);
      expect(answer.json().code).toBe('FORBIDDEN');
    },
  })),
];

/** Which real ids of the other organisation stand in a text. */
function leaks(text: string, things: Record<string, string>): string[] {
  return Object.entries(things)
    .filter(([kind, id]) => id.length > 12 && text.includes(id) && kind !== 'none')
    .map(([kind]) => kind);
}
