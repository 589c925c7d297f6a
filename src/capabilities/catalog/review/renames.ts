import { canonicalJson } from '../../../kernel/digest.ts';
import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { wordsOf } from './confusables.ts';

export interface Item {
  name: string;
  definition: JsonObject;
}

export interface Rename {
  from: string;
  to: string;
  /** Whether nothing but the name changed. */
  exact: boolean;
}

const nearEnough = 0.8;
/** Of comparisons, in words and letters looked up: they cost the product of what two sides hold. */
const maxLookups = 1_000_000;
const comparedText = 2_000;
const comparedName = 200;

/**
 * Which of those that came are those that went, under a new name. Exact: the same but for name and title. Near: the same
 * schema but for its texts, and descriptions of which four fifths of the neighbouring word pairs agree (Sørensen-Dice).
 * What says nothing of itself (no description, no parameters) is only recognised when it is the one such on both sides.
 */
export function renamesOf(gone: readonly Item[], come: readonly Item[]): Rename[] {
  const from = sketched(gone);
  const to = sketched(come);
  const lookups = { left: maxLookups };
  const renames = [...pairExact(from, to, lookups), ...pairNear(from, to, lookups)];
  return renames.sort((a, b) => byCode(a.from, b.from));
}

interface Sketch {
  name: string;
  whole: string;
  shape: string;
  pairs: ReadonlySet<string>;
  letters: ReadonlySet<string>;
  tellsNothing: boolean;
  taken: boolean;
}

function sketched(items: readonly Item[]): Sketch[] {
  return [...items]
    .sort((a, b) => byCode(a.name, b.name))
    .map(({ name, definition }) => {
      const { name: _, title: __, uriTemplate: ___, uri: ____, ...rest } = definition;
      const description = typeof definition.description === 'string' ? definition.description : '';
      return {
        name,
        whole: canonicalJson(rest),
        shape: canonicalJson([
          withoutTexts(definition.inputSchema ?? null),
          withoutTexts(definition.arguments ?? null),
        ]),
        pairs: wordPairs(description.slice(0, comparedText).replaceAll(name, '')),
        letters: letterPairs(name.slice(0, comparedName)),
        tellsNothing: description === '' && !hasParameters(definition),
        taken: false,
      };
    });
}

interface Lookups {
  left: number;
}

function pairExact(from: Sketch[], to: Sketch[], lookups: Lookups): Rename[] {
  const candidates = Map.groupBy(to, ({ whole }) => whole);
  const rivals = Map.groupBy(from, ({ whole }) => whole);
  const found: [Sketch, Sketch][] = [];
  for (const [whole, olds] of rivals) {
    const news = candidates.get(whole) ?? [];
    const isVague = olds.some(({ tellsNothing }) => tellsNothing);
    if (isVague && (olds.length > 1 || news.length > 1)) continue;
    // Of several alike, those whose names are most alike belong together.
    found.push(...bestFirst(olds, news, 'letters', 0, lookups));
  }
  return found.map(([old, now]) => ({ from: old.name, to: now.name, exact: true }));
}

function pairNear(from: Sketch[], to: Sketch[], lookups: Lookups): Rename[] {
  const candidates = Map.groupBy(to, ({ shape }) => shape);
  const found: [Sketch, Sketch][] = [];
  for (const [shape, olds] of Map.groupBy(from, ({ shape }) => shape)) {
    found.push(...bestFirst(olds, candidates.get(shape) ?? [], 'pairs', nearEnough, lookups));
  }
  return found.map(([old, now]) => ({ from: old.name, to: now.name, exact: false }));
}

/** Pairs by falling likeness, each side used once; equal ones in the order of their names. */
function bestFirst(
  olds: Sketch[],
  news: Sketch[],
  what: 'letters' | 'pairs',
  atLeast: number,
  lookups: Lookups,
): [Sketch, Sketch][] {
  const [from, to] = [olds.filter(({ taken }) => !taken), news.filter(({ taken }) => !taken)];
  const cost = from.reduce((sum, old) => sum + 1 + old[what].size, 0) * to.length;
  if (cost > lookups.left) return []; // a flood of look-alikes: nothing to be said with confidence
  lookups.left -= cost;
  const measured = from.flatMap((old) =>
    to.flatMap((now) => {
      const alike = dice(old[what], now[what]);
      return alike < atLeast ? [] : [{ old, now, alike }];
    }),
  );
  const pairs: [Sketch, Sketch][] = [];
  for (const { old, now } of measured.sort((a, b) => b.alike - a.alike)) {
    if (old.taken || now.taken) continue;
    old.taken = now.taken = true;
    pairs.push([old, now]);
  }
  return pairs;
}

/** Neighbouring words; of a text of one word that word. */
function wordPairs(text: string): Set<string> {
  const words = wordsOf(text).map((word) => word.toLowerCase());
  return new Set(words.length < 2 ? words : words.slice(1).map((word, index) => `${words[index]} ${word}`));
}

const letterPairs = (name: string) => new Set([...name.slice(1)].map((letter, index) => name[index] + letter));

function dice(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  if (one.size === 0 || other.size === 0) return 0;
  let shared = 0;
  for (const each of one) if (other.has(each)) shared++;
  return (2 * shared) / (one.size + other.size);
}

const said = new Set(['description', 'title', 'examples', '$comment', 'default']);

/** A schema without what is only said in it; the parameters' own names stay. */
function withoutTexts(value: Json, namesParameters = false): Json {
  if (Array.isArray(value)) return value.map((each) => withoutTexts(each));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .filter(([key]) => namesParameters || !said.has(key))
      .map(([key, inner]) => [key, withoutTexts(inner, key === 'properties' && !namesParameters)]),
  );
}

function hasParameters({ inputSchema, arguments: named }: JsonObject): boolean {
  if (Array.isArray(named) && named.length > 0) return true;
  return isObject(inputSchema) && isObject(inputSchema.properties) && Object.keys(inputSchema.properties).length > 0;
}

const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
