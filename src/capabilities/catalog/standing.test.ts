import { describe, expect, it } from 'vitest';
import { digestOf } from '../../kernel/digest.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Definition, firstUse, instructionsOf, judge, type Standing } from './standing.ts';

const offer = (definition: JsonObject): Definition => ({
  toolset: 'notes',
  kind: 'tool',
  name: 'read',
  definition,
  digest: digestOf(definition),
});
const standing = (definition: JsonObject | undefined, more: Partial<Standing> = {}): Standing => ({
  toolset: 'notes',
  kind: 'tool',
  name: 'read',
  pinned: false,
  ...(definition ? { accepted: { definition, digest: digestOf(definition), by: 'key:1', at: 1 } } : {}),
  ...more,
});
const plain = { name: 'read' };
const other = { name: 'read', description: 'else' };
const hinted = (hints: JsonObject) => ({ name: 'read', annotations: hints });

describe('what becomes of a definition', () => {
  it.each([
    ['new, trusted', undefined, plain, 'first-use', 'first'],
    ['new, under review', undefined, plain, 'review', 'quarantined'],
    ['as accepted, trusted', standing(plain), plain, 'first-use', 'accepted'],
    ['as accepted, under review', standing(plain), plain, 'review', 'accepted'],
    ['changed, trusted', standing(plain), other, 'first-use', 'changed'],
    ['changed, under review', standing(plain), other, 'review', 'quarantined'],
    ['changed, pinned', standing(plain, { pinned: true }), other, 'first-use', 'quarantined'],
    ['as accepted, pinned', standing(plain, { pinned: true }), plain, 'first-use', 'accepted'],
    [
      'refused',
      standing(plain, { refused: { digest: digestOf(other), reason: 'no' } }),
      other,
      'first-use',
      'quarantined',
    ],
    [
      'another than the refused',
      standing(plain, { refused: { digest: digestOf(other), reason: 'no' } }),
      plain,
      'review',
      'accepted',
    ],
    [
      'refused at first sight',
      standing(undefined, { refused: { digest: digestOf(plain), reason: 'no' } }),
      plain,
      'first-use',
      'quarantined',
    ],
    [
      'another than the one refused at first sight',
      standing(undefined, { refused: { digest: digestOf(other), reason: 'no' } }),
      plain,
      'first-use',
      'quarantined',
    ],
    ['no longer read-only', standing(hinted({ readOnlyHint: true })), hinted({}), 'first-use', 'quarantined'],
    [
      'now destructive',
      standing(hinted({ destructiveHint: false })),
      hinted({ destructiveHint: true }),
      'first-use',
      'quarantined',
    ],
    ['without hints at all', standing(hinted({ idempotentHint: true })), plain, 'first-use', 'quarantined'],
    ['into the open', standing(hinted({ openWorldHint: false })), plain, 'first-use', 'quarantined'],
    ['promising more', standing(plain), hinted({ readOnlyHint: true }), 'first-use', 'changed'],
  ] as const)('%s [CA-8]', (_, known, definition, trust, state) => {
    expect(judge(offer(definition), known, trust).state).toBe(state);
  });

  it('is accepted once by first use, keeps what else was decided, and is not under review [CA-8]', () => {
    const offered = [instructionsOf('notes', undefined), offer(plain)];
    const accepted = firstUse(offered, new Map(), 'first-use', 7);
    expect(accepted.map(({ kind, accepted: as }) => [kind, as?.by, as?.at])).toEqual([
      ['instructions', 'first use', 7],
      ['tool', 'first use', 7],
    ]);
    const known = new Map(accepted.map((one) => [`notes ${one.kind} ${one.name}`, one]));
    expect(firstUse(offered, known, 'first-use', 8)).toEqual([]);
    expect(firstUse(offered, new Map(), 'review', 8)).toEqual([]);
  });
});
