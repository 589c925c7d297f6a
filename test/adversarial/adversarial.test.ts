import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attack } from './attack.ts';
import { addressAttacks } from './attacks/addresses.ts';
import { bodyAttacks } from './attacks/bodies.ts';
import { browserAttacks } from './attacks/browser.ts';
import { hookAttacks } from './attacks/hooks.ts';
import { idAttacks } from './attacks/ids.ts';
import { rightsAttacks } from './attacks/rights.ts';
import { textAttacks } from './attacks/texts.ts';
import { tokenAttacks } from './attacks/tokens.ts';
import { wireAttacks } from './attacks/wire.ts';
import { differences, type Kept } from './kept.ts';
import { openWorld, type World } from './world.ts';

// Whoever attacks here has read the source, and has an account of their own; never the keys of the server.

let world: World;
let failed = 0;
let last: Kept | undefined;
const groups: Record<string, readonly Attack[]> = {
  'a credential': tokenAttacks,
  'a connection': wireAttacks,
  'a body': bodyAttacks,
  'an id': idAttacks,
  'an address': addressAttacks,
  'a browser': browserAttacks,
  'a hook': hookAttacks,
  'more rights': rightsAttacks,
  'a text': textAttacks,
};
const attacks = Object.values(groups).flat();

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  if (world) console.log(`${attacks.length} attacks, ${world.sent()} requests, ${failed} succeeded`);
  await world?.stop();
});

describe('what is good', () => {
  it('is let in, so that the refusals below say something [RE-7]', async () => {
    const { send, keys, ours, theirs, attacker, victim, fairlead } = world;
    const orgOf = async (key: string) => {
      const { status, text } = await send('/api/v1/me', { key });
      return status === 200 ? JSON.parse(text).org : status;
    };
    expect(await orgOf(fairlead.adminKey)).toBe('default');
    expect(await orgOf(keys.viewer)).toBe('default');
    expect(await orgOf(keys.acmeAdmin)).toBe('acme');
    expect(await orgOf(await ours.token({ roles: ['admin'] }))).toBe('default');
    expect(await orgOf(await theirs.token({ roles: ['admin'] }))).toBe('acme');
    expect(await orgOf(attacker.tokens.access_token)).toBe('default');
    expect(await orgOf(victim.tokens.access_token)).toBe('default');
    expect(Object.entries(world.things).filter(([, id]) => !id)).toEqual([]);
  });
});

for (const [group, list] of Object.entries(groups)) {
  describe(group, () => {
    for (const { name, run, mayChange = [] } of list) {
      it(`${name}: refused, and nothing happened [RE-7]`, async () => {
        const before = (last ??= await world.kept());
        last = undefined;
        failed++;
        await run(world);
        const after = await world.kept();
        expect(differences(before, after).filter((what) => !mayChange.includes(what))).toEqual([]);
        failed--;
        last = after; // the next one is compared with it: it comes at once
      });
    }
  });
}
