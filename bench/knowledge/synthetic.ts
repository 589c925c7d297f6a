import { globSync, readFileSync } from 'node:fs';
import type { BenchEntry } from './indexed.ts';

const wordsOfChunk = 160;
const mostFileCharacters = 200_000;

/**
 * Chunks of real text: the Markdown of the installed packages, cut into runs of words. Where there are fewer than wanted,
 * further ones are put together from sentences of several, so that words come as often and beside each other as in text.
 * Always the same.
 */
export function madeOf(count: number): BenchEntry[] {
  const sentences = readSentences();
  const random = createRandom(7);
  const title = () => sentences[Math.floor(random() * sentences.length)]?.split(' ').slice(0, 5).join(' ') ?? '';
  const entries: BenchEntry[] = [];
  let next = 0;
  while (entries.length < count) {
    const isFirstPass = next < sentences.length;
    const words: string[] = [];
    while (words.length < wordsOfChunk) {
      const at = isFirstPass ? next++ % sentences.length : Math.floor(random() * sentences.length);
      words.push(...(sentences[at] ?? '').split(' '));
    }
    const text = words.slice(0, wordsOfChunk).join(' ');
    entries.push({ chunkId: entries.length + 1, title: title(), headings: [title()], text });
  }
  return entries;
}

/** Questions of three to eight words that stand beside or near each other in some chunk. */
export function questionsOf(entries: readonly BenchEntry[], count: number): string[] {
  const random = createRandom(11);
  return Array.from({ length: count }, () => {
    const words = entries[Math.floor(random() * entries.length)]?.text.split(' ') ?? [];
    const start = Math.floor(random() * (words.length - 16));
    const length = 3 + Math.floor(random() * 6);
    return words
      .slice(start, start + 16)
      .filter(() => random() < 0.7)
      .slice(0, length)
      .join(' ');
  });
}

function readSentences(): string[] {
  const files = globSync('node_modules/**/*.md').sort();
  const sentences = new Set<string>();
  for (const file of files) {
    const text = readFileSync(file, 'utf8').slice(0, mostFileCharacters);
    for (const sentence of text.split(/(?<=[.!?:])\s+|\n{2,}/)) {
      const words = sentence.replace(/\s+/g, ' ').trim();
      if (words.length >= 20 && words.length <= 600) sentences.add(words);
    }
  }
  return [...sentences];
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
