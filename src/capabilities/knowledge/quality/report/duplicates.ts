import { hash } from 'node:crypto';
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { PassageText } from './store.ts';

/** Documents that say the same, or nearly so. */
export interface Alike {
  documents: number[];
  /** Share of what they say that both say, of the two that are least alike as far as they were compared; 1 for the same text. */
  similarity: number;
}

/** Words that are compared at a time: three tell where they come from, and few are touched by one changed word. */
const shingleWords = 3;
/** By estimate: about three quarters of the text of each is then in the other. */
const alikeFrom = 0.6;
/** Shorter documents are only compared whole. */
const fewestShingles = 12;
const rows = 4;
const bands = 32;
const places = rows * bands;
/** Documents of one bucket that a further one is compared with, so that a thousand of one template cost no million. */
const mostCompared = 8;

/**
 * Finds documents that are alike by MinHash (Broder 1997): for each document the least of its shingles under each of 128
 * orders, and a pair is compared where four in a row agree. Half a kilobyte a document, whatever its length.
 */
export function createLikeness() {
  const factors = Int32Array.from({ length: places }, (_, at) => mixed(at * 2 + 1) | 1);
  const offsets = Int32Array.from({ length: places }, (_, at) => mixed(at * 2 + 2));
  const documents = new Map<number, { least: Uint32Array; shingles: number; text: string[] }>();

  return {
    /** Passages of a document come one after the other. */
    add({ document, text }: PassageText): void {
      const known = documents.get(document) ?? {
        ...{ least: new Uint32Array(places).fill(0xffffffff), shingles: 0, text: [] },
      };
      documents.set(document, known);
      const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
      known.text.push(hash('sha256', words.join(' ')));
      const hashes = words.map(wordHash);
      for (let at = 0; at + shingleWords <= hashes.length; at++) {
        let shingle = 0;
        for (let word = at; word < at + shingleWords; word++) shingle = mixed(shingle ^ (hashes[word] ?? 0));
        known.shingles += 1;
        lower(known.least, shingle, factors, offsets);
      }
    },

    /** Groups of documents that are alike, largest likeness first. Others get their turn in between. */
    async groups(): Promise<Alike[]> {
      const parent = new Map<number, number>();
      const root = (one: number): number => {
        const above = parent.get(one) ?? one;
        return above === one ? one : root(above);
      };
      const least = new Map<number, number>();
      const join = (a: number, b: number, similarity: number) => {
        const [first, second] = [root(a), root(b)].sort((x, y) => x - y) as [number, number];
        const lowest = Math.min(similarity, least.get(first) ?? 1, least.get(second) ?? 1);
        if (first !== second) parent.set(second, first);
        least.set(first, lowest);
      };

      const whole = new Map<string, number>();
      const distinct: [document: number, least: Uint32Array][] = [];
      for (const [document, { text, shingles, least: signature }] of documents) {
        const digest = text.join();
        const same = whole.get(digest);
        if (same !== undefined) join(same, document, 1);
        else {
          whole.set(digest, document);
          if (shingles >= fewestShingles) distinct.push([document, signature]);
        }
      }

      for (let band = 0; band < bands; band++) {
        const buckets = new Map<number, typeof distinct>();
        for (const one of distinct) {
          const [document, signature] = one;
          let key = 0; // two that differ may have the same one: they are compared in any case
          for (let row = band * rows; row < (band + 1) * rows; row++) key = mixed(key ^ (signature[row] ?? 0));
          const bucket = buckets.get(key);
          if (!bucket) buckets.set(key, [one]);
          else {
            for (const [other, otherSignature] of bucket) {
              if (root(other) === root(document)) continue;
              const similarity = likeness(signature, otherSignature);
              if (similarity >= alikeFrom) join(other, document, similarity);
            }
            if (bucket.length < mostCompared) bucket.push(one);
          }
        }
        await othersTurn();
      }

      const groups = Map.groupBy(documents.keys(), root);
      return [...groups]
        .filter(([, members]) => members.length > 1)
        .map(([first, members]) => ({
          documents: members,
          similarity: Math.round((least.get(first) ?? 1) * 100) / 100,
        }))
        .sort((a, b) => b.similarity - a.similarity || b.documents.length - a.documents.length);
    },
  };
}

/** The innermost loop, over numbers alone: a hundred times a word. */
function lower(least: Uint32Array, shingle: number, factors: Int32Array, offsets: Int32Array): void {
  for (let place = 0; place < places; place++) {
    const value = (Math.imul(shingle, factors[place] as number) + (offsets[place] as number)) >>> 0;
    if (value < (least[place] as number)) least[place] = value;
  }
}

/** Jaccard, by estimate: the share of orders under which both have the same least shingle. */
function likeness(a: Uint32Array, b: Uint32Array | undefined): number {
  if (!b) return 0;
  let same = 0;
  for (let place = 0; place < places; place++) if (a[place] === b[place]) same += 1;
  return same / places;
}

function wordHash(word: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) value = Math.imul(value ^ word.charCodeAt(at), 0x01000193);
  return mixed(value);
}

/** The finalizer of MurmurHash3: every bit of what goes in changes half of what comes out. */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
