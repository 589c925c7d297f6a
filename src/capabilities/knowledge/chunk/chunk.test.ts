import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, describe, expect, it } from 'vitest';
import { readerWith, stopReaders } from '../../../../test/documents.ts';
import type { Chunk, ReadDocument } from '../types.ts';
import { type Block, chunkBlocks, estimateTokens, sectionIn, whole } from './index.ts';

afterAll(stopReaders);
const root = fileURLToPath(new URL('../../../..', import.meta.url));
const { read } = readerWith();
const some = (pattern: string, count: number) => globSync(pattern, { cwd: root }).sort().slice(0, count);
const textOf = (path: string) => readFileSync(`${root}/${path}`, 'utf8');

const words = (text: string) => new Set(text.match(/[\p{L}\p{N}]+/gu) ?? []);
/** Words of the source that nothing of what was read holds. */
function lost(source: string, { title, chunks, metadata, links }: ReadDocument): string[] {
  const kept = words(
    [
      title,
      ...links,
      ...Object.entries(metadata).flat().map(String),
      ...chunks.flatMap(({ headings, text }) => [...headings, text]),
    ].join('\n'),
  );
  return [...words(source)].filter((word) => !kept.has(word));
}

const prose: fc.Arbitrary<string> = fc
  .array(fc.stringMatching(/^[a-zäß]{1,12}[.,!?]?$/), { minLength: 1, maxLength: 120 })
  .map((all) => all.join(' '));
const markdown = fc
  .array(
    fc.oneof(
      prose,
      fc.tuple(fc.integer({ min: 1, max: 6 }), prose).map(([level, text]) => `${'#'.repeat(level)} ${text}`),
      fc.array(prose, { minLength: 1, maxLength: 9 }).map((items) => items.map((each) => `- ${each}`).join('\n')),
      fc
        .array(prose, { minLength: 1, maxLength: 9 })
        .map((rows) => `| a | b |\n|---|---|\n${rows.map((each) => `| ${each} | 1 |`).join('\n')}`),
      prose.map((text) => `\`\`\`\n${text}\n\n${text}\n\`\`\``),
      prose.map((text) => `> ${text}\n> ${text}`),
      fc.string(),
    ),
    { maxLength: 12 },
  )
  .map((blocks) => blocks.join('\n\n'))
  .filter((text) => /[\p{L}\p{N}]/u.test(text));

describe('chunks of real documents', () => {
  const documents = [
    ...some('node_modules/*/README.md', 40),
    ...some('docs/**/*.md', 30),
    ...some('src/platform/**/*.ts', 20),
    ...some('node_modules/*/*.d.ts', 15),
  ];
  it('hold every word of them', async () => {
    for (const path of documents) {
      const text = textOf(path);
      const document = await read(text, path, { target: 120 });
      // Tags and comments of HTML within Markdown are not text, and a character that is written by its name is shown as such.
      const shown = path.endsWith('.md') ? text.replace(/<!--[\s\S]*?-->|<\/?[a-zA-Z][^>]*>|&#?\w+;/g, ' ') : text;
      expect({ path, lost: lost(shown, document) }).toEqual({ path, lost: [] });
    }
  });

  it('are never larger than asked, and know their lines', async () => {
    for (const path of documents) {
      const lines = textOf(path).replace(/\r\n?/g, '\n').split('\n');
      const { chunks } = await read(textOf(path), path, { target: 120 });
      for (const [at, { ordinal, tokens, parent, place }] of chunks.entries()) {
        expect(ordinal).toBe(at);
        expect(tokens, `${path} ${at}`).toBeLessThanOrEqual(120);
        if (parent !== null) expect(parent).toBeLessThan(at);
        expect(place.line).toBeGreaterThan(0);
        expect(place.endLine).toBeGreaterThanOrEqual(place.line ?? 0);
        expect(place.endLine).toBeLessThanOrEqual(lines.length);
      }
    }
  });

  it('are the same each time', async () => {
    const once = await Promise.all(documents.map((path) => read(textOf(path), path)));
    const again = await Promise.all(documents.toReversed().map((path) => read(textOf(path), path)));
    expect(again.reverse()).toEqual(once);
  });
});

describe('chunks of made-up documents', () => {
  const holdsAll = async (text: string, name: string) => {
    const document = await read(text, name, { target: 40, overlap: 8 });
    const shown = name.endsWith('.md') ? text.replace(/<!--[\s\S]*?-->|<\/?[a-zA-Z!?][^>]*>|&#?\w+;/g, ' ') : text;
    expect(lost(shown, document)).toEqual([]);
    return document;
  };
  it('hold every word of Markdown', () =>
    fc.assert(
      fc.asyncProperty(markdown, async (text) => void (await holdsAll(text, 'a.md'))),
      { numRuns: 150 },
    ));

  it('hold every word of plain text', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(prose, fc.string()), { minLength: 1 }), prose, async (parts, last) => {
        await holdsAll([...parts, last].join('\n'), 'a.txt');
      }),
      { numRuns: 150 },
    ));

  it('hold every word of code, broken or not', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            prose,
            fc.constantFrom('{', '}', 'class A {', 'function f() {', '/*', '*/', '"', 'export const a = () => {', '\n'),
          ),
          { minLength: 1, maxLength: 30 },
        ),
        prose,
        async (parts, last) => {
          await holdsAll([...parts, last].join('\n'), 'a.ts');
        },
      ),
      { numRuns: 150 },
    ));

  it('hold every word of CSV', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(prose, prose, fc.integer()), { minLength: 1, maxLength: 12 }),
        async (rows) => {
          await holdsAll(['one;two;three', ...rows.map((row) => row.join(';'))].join('\n'), 'a.csv');
        },
      ),
      { numRuns: 100 },
    ));
});

describe('chunking', () => {
  const options = { target: 40, overlap: 10 };
  const section = sectionIn(whole, 'A');
  const block = (more: Partial<Block>): Block => ({ section, kind: 'text', text: '', place: {}, ...more });
  const shown = (chunks: readonly Chunk[]) => chunks.map(({ text }) => text);
  const sentence = (at: number) => `This is sentence number ${at} of a long one.`;

  it('puts small neighbours of one section together, and never those of two', () => {
    const other = sectionIn(whole, 'A'); // with the same words
    const chunks = chunkBlocks(
      [block({ text: 'one' }), block({ text: 'two' }), block({ text: 'three', section: other })],
      options,
    );
    expect(shown(chunks)).toEqual(['one\n\ntwo', 'three']);
  });

  it('keeps pages apart', () => {
    const chunks = chunkBlocks(
      [block({ text: 'one', place: { page: 1 } }), block({ text: 'two', place: { page: 2 } })],
      options,
    );
    expect(chunks.map(({ place }) => place)).toEqual([{ page: 1 }, { page: 2 }]);
  });

  it('cuts a long paragraph between sentences, which overlap', () => {
    const text = Array.from({ length: 9 }, (_, at) => sentence(at)).join(' ');
    const chunks = chunkBlocks([block({ text, place: { line: 3, endLine: 3 }, verbatim: true })], options);
    expect(chunks.length).toBeGreaterThan(2);
    for (const [at, chunk] of chunks.entries()) {
      expect(chunk.text).toMatch(/^This.*\.$/);
      expect(chunk.place).toEqual({ line: 3, endLine: 3 });
      const before = chunks[at - 1];
      if (before) expect(before.text.endsWith(chunk.text.split('. ')[0] ?? '')).toBe(false);
    }
    const overlapping = chunkBlocks([block({ text })], { target: 40, overlap: 20 });
    for (const [at, chunk] of overlapping.entries())
      if (at > 0) expect(overlapping[at - 1]?.text).toContain(chunk.text.split('. ')[0]);
  });

  it('divides a table at its rows, under its header each time', () => {
    const head = '| a | b |\n|---|---|';
    const parts = Array.from({ length: 12 }, (_, at) => ({
      text: `| row ${at} | value |`,
      line: at + 3,
      endLine: at + 3,
    }));
    const text = [head, ...parts.map((part) => part.text)].join('\n');
    const chunks = chunkBlocks([block({ kind: 'table', text, head, parts, place: { line: 1, endLine: 14 } })], options);
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(chunk.text.startsWith(`${head}\n| row `)).toBe(true);
    expect(chunks.at(-1)?.place.endLine).toBe(14);
  });

  it('divides a list at its items, and an item that is too long as text', () => {
    const parts = [
      { text: '- short' },
      { text: `- ${Array.from({ length: 8 }, (_, at) => sentence(at)).join(' ')}` },
      { text: '- last' },
    ];
    const chunks = chunkBlocks(
      [block({ kind: 'list', text: parts.map(({ text }) => text).join('\n'), parts })],
      options,
    );
    expect(chunks[0]?.text).toMatch(/^- short\n\n- This is sentence number 0/);
    for (const { tokens } of chunks) expect(tokens).toBeLessThanOrEqual(options.target);
    expect(shown(chunks).join('\n')).toContain('- last');
  });

  it('cuts what has neither sentence nor word', () => {
    const chunks = chunkBlocks([block({ text: '\u{1F6A2}'.repeat(500) }), block({ text: 'x'.repeat(5000) })], options);
    expect(shown(chunks).join('').replace(/\s/g, '')).toHaveLength(1000 + 5000);
    for (const { text, tokens } of chunks) {
      expect(tokens).toBeLessThanOrEqual(options.target);
      expect(text.isWellFormed()).toBe(true);
    }
  });

  it('knows the parent of each chunk', () => {
    const inner = sectionIn(section, 'B');
    const empty = sectionIn(whole, 'C');
    const blocks = [
      block({ text: 'top', section: whole }),
      block({ text: sentence(1).repeat(6) }),
      block({ text: 'inner', section: inner }),
      block({ text: 'first below an empty one', section: sectionIn(empty, 'D') }),
      block({ text: 'second below it', section: sectionIn(empty, 'E') }),
    ];
    const chunks = chunkBlocks(blocks, { target: 40, overlap: 0 });
    expect(chunks.map(({ headings, parent }) => [headings.join('/'), parent])).toEqual([
      ['', null],
      ['A', null],
      ['A', 1],
      ['A/B', 1],
      ['C/D', null],
      ['C/E', 4],
    ]);
  });
});

describe('the estimate of tokens', () => {
  const kinds: [kind: string, texts: string[], median: number, most: number][] = [
    ['READMEs', some('node_modules/*/README.md', 60).map(textOf), 0.1, 0.3],
    ['TypeScript', some('src/**/*.ts', 150).map(textOf), 0.12, 0.25],
    ['JSON', some('node_modules/*/package.json', 100).map(textOf), 0.1, 0.25],
  ];
  it.each(kinds)('is near that of a real model for %s', (_, texts, median, most) => {
    const errors = texts
      .flatMap((text) => text.match(/[\s\S]{1,1200}/g) ?? [])
      .filter((text) => text.length > 300)
      .map((text) => Math.abs(estimateTokens(text) / encode(text, { disallowedSpecial: new Set() }).length - 1))
      .sort((a, b) => a - b);
    expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(median);
    expect(errors[Math.floor(errors.length * 0.95)]).toBeLessThan(most);
  });
});
