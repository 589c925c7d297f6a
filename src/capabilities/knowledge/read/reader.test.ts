import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateRawSync, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { docxOf, pdfOf, readerWith, stopReaders } from '../../../../test/documents.ts';
import { FairleadError, ShuttingDown } from '../../../kernel/errors.ts';
import type { ReadDocument } from '../types.ts';
import { unreadableReason } from './index.ts';

afterEach(stopReaders);

const reasonOf = (read: Promise<ReadDocument>) =>
  read.then(
    ({ kind, warnings }) => `read as ${kind}${warnings.length > 0 ? `: ${warnings.join()}` : ''}`,
    (error: unknown) => unreadableReason(error) ?? String(error),
  );
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** An archive with one entry, whose table of contents may say of its size what it likes. */
function zipOf(name: string, content: Uint8Array, saidSize = content.length): Uint8Array {
  const packed = deflateRawSync(content);
  const header = (signature: number, more: number) => {
    const bytes = Buffer.alloc(more);
    bytes.writeUInt32LE(signature);
    return bytes;
  };
  const local = header(0x04034b50, 30);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(saidSize, 22);
  local.writeUInt16LE(name.length, 26);
  const entry = header(0x02014b50, 46);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(saidSize, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = header(0x06054b50, 22);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + packed.length, 16);
  return Buffer.concat([local, Buffer.from(name), packed, entry, Buffer.from(name), end]);
}

/** A PDF of objects as they are given, which pdf.js finds by itself. */
const rawPdf = (...objects: string[]) =>
  Buffer.from(`%PDF-1.7\n${objects.join('\n')}\ntrailer << /Root 1 0 R /Size 9 >>\n%%EOF`);

describe('what cannot be read', () => {
  it('says why, and what to do', async () => {
    const { read } = readerWith({ maxBytes: 1_000_000 });
    const reasons = {
      'image.png': [Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'binary'],
      'noise.md': [Buffer.from(Array.from({ length: 4000 }, (_, at) => (at * 7919) % 256)), 'binary'],
      'cut.pdf': [(await pdfOf([[{ text: 'x', y: 9 }]])).slice(0, 300), 'damaged'],
      'not.pdf': [Buffer.from('\0\0\0'), 'damaged'],
      'scan.pdf': [await pdfOf([[], []]), 'no text'],
      'locked.pdf': [
        rawPdf(
          '1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj',
          '2 0 obj << /Type /Pages /Kids [] /Count 0 >> endobj',
        )
          .toString()
          .replace(
            '/Size 9',
            `/Size 9 /ID [<00><00>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <${'11'.repeat(32)}> /U <${'22'.repeat(32)}> >>`,
          ),
        'encrypted',
      ],
      'cut.docx': [(await docxOf()).slice(0, 900), 'damaged'],
      'broken.docx': [zipOf('word/document.xml', Buffer.from('<a><b>')), 'damaged'],
      'book.xlsx': [zipOf('xl/workbook.xml', Buffer.from('<a/>')), 'unsupported'],
      'slides.pptx': [zipOf('ppt/presentation.xml', Buffer.from('<a/>')), 'unsupported'],
      'files.zip': [zipOf('a.txt', Buffer.from('a')), 'unsupported'],
      'old.doc': [Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'unsupported'],
      'locked.docx': [
        Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('EncryptedPackage', 'utf16le')]),
        'encrypted',
      ],
      'a.rtf': ['{\\rtf1 text}', 'unsupported'],
      'empty.md': ['', 'no text'],
      'blank.txt': [' \n\t\n', 'no text'],
      'page.html': ['<html><body><script>x</script></body></html>', 'no text'],
      'large.txt': ['x'.repeat(1_000_001), 'too large'],
    } as const;
    for (const [name, [content, reason]] of Object.entries(reasons))
      expect(`${name}: ${await reasonOf(read(content, name))}`).toBe(`${name}: ${reason}`);
    const error = await read('', 'empty.md').catch((error: unknown) => error);
    expect(error).toBeInstanceOf(FairleadError);
    expect((error as FairleadError).toBody()).toMatchObject({
      code: 'DOCUMENT_UNREADABLE',
      message: 'The document "empty.md" cannot be read (no text): it is empty.',
      suggestedAction: expect.stringContaining('OCR'),
    });
  });
});

describe('hostile documents', () => {
  const lots = 20 * 1024 * 1024;

  it('that unpack to very much are refused, or end only their own process', async () => {
    const { read } = readerWith({ memoryMiB: 250, timeMs: 5000 }, 1);
    const bomb = (mib: number, said?: number) =>
      zipOf('word/document.xml', Buffer.alloc(mib * 1024 * 1024, '<w:p/>'), said);
    expect(await reasonOf(read(bomb(257), 'bomb.docx'))).toBe('too large');
    expect(await reasonOf(read(bomb(257, 1000), 'liar.docx'))).toMatch(/^(out of memory|too slow|damaged)$/);
    expect(await reasonOf(read('still reading', 'a.txt'))).toBe('read as text');
  });

  it('that fill the memory end only their own process, in the heap of V8 or outside of it', async () => {
    const { read, spawned } = readerWith({ memoryMiB: 200, timeMs: 20_000 }, 1);
    const { PDFDocument, PDFName } = await import('pdf-lib');
    const document = await PDFDocument.create();
    const stream = document.context.stream(deflateSync(Buffer.alloc(300 * 1024 * 1024, ' ')), {
      Filter: 'FlateDecode',
    });
    document.addPage().node.set(PDFName.of('Contents'), document.context.register(stream));
    expect(await reasonOf(read(await document.save(), 'blanks.pdf'))).toBe('out of memory');
    expect(await reasonOf(read(`<body>${'<p>a'.repeat(3_000_000)}`, 'many.html'))).toBe('out of memory');
    expect(await reasonOf(read('still reading', 'a.txt'))).toBe('read as text');
    expect(spawned).toHaveLength(3);
  });

  it.each<[what: string, content: () => string | Promise<Uint8Array> | Uint8Array, name: string]>([
    [
      'YAML whose aliases grow without end',
      () =>
        `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
          .split('')
          .map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghij'[at]}`).join()}]`)
          .join('\n')}\nopenapi: 3.1.0\ninfo: {title: x}`,
      'laughs.yaml',
    ],
    ['YAML that refers to itself', () => 'openapi: 3.1.0\ninfo: &a {title: x, b: *a}\npaths: &p {/a: *p}', 'self.yaml'],
    ['YAML nested without end', () => '['.repeat(200_000), 'deep.yaml'],
    [
      'YAML indented without end',
      () => Array.from({ length: 3000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
      'steps.yaml',
    ],
    ['JSON nested without end', () => '['.repeat(1_000_000) + ']'.repeat(1_000_000), 'deep.json'],
    ['JSON that names a prototype', () => '{"__proto__": {"polluted": true}, "a": "b"}', 'proto.json'],
    ['Markdown of brackets', () => '[['.repeat(30_000), 'brackets.md'],
    ['Markdown of emphasis', () => '*a **b _c __d '.repeat(8000), 'stars.md'],
    ['Markdown quoted without end', () => `${'> '.repeat(20_000)}a`, 'quotes.md'],
    [
      'Markdown lists without end',
      () => Array.from({ length: 1500 }, (_, at) => `${'  '.repeat(at)}- a`).join('\n'),
      'lists.md',
    ],
    [
      'Markdown tables of empty cells',
      () => `${'a|'.repeat(3000)}\n${'-|'.repeat(3000)}\n${'a\n'.repeat(3000)}`,
      'table.md',
    ],
    [
      'front matter of aliases',
      () => `---\na: &a [x,x]\n${Array.from({ length: 60 }, (_, at) => `b${at}: [*a,*a,*a]`).join('\n')}\n---\ntext`,
      'front.md',
    ],
    ['CSV in one line of 20 MB', () => 'x,'.repeat(lots / 2), 'line.csv'],
    ['CSV with an open quote', () => `a,b\n"${'x\n'.repeat(2_000_000)}`, 'quote.csv'],
    ['text in one word of 20 MB', () => 'x'.repeat(20 * 1024 * 1024), 'word.txt'],
    ['code of open brackets', () => 'f('.repeat(100_000), 'open.ts'],
    ['code nested without end', () => `x = ${'{a:'.repeat(50_000)}1${'}'.repeat(50_000)}`, 'nested.js'],
    ['code in many languages at once', () => '<<<<<<< {%"\'`/*\n'.repeat(20_000), 'mess.cpp'],
    ['HTML nested without end', () => '<table><tr><td>'.repeat(10_000), 'tables.html'],
    ['HTML of open formatting', () => '<b><i><a href=x><font>'.repeat(5000), 'format.html'],
    ['HTML lists without end', () => `${'<ul><li>a'.repeat(20_000)}`, 'lists.html'],
    [
      'a PDF whose pages are their own children',
      () =>
        rawPdf(
          '1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj',
          '2 0 obj << /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000 >> endobj',
        ),
      'loop.pdf',
    ],
  ])('%s cost only themselves, within the limits', async (_, content, name) => {
    const { read } = readerWith({ timeMs: 12_000, memoryMiB: 700 }, 1);
    const bytes = await content();
    const startedAt = performance.now();
    const outcome = await reasonOf(read(bytes, name));
    const tookMs = performance.now() - startedAt;
    expect(outcome).toMatch(/^(read as |too slow|too large|out of memory|damaged|no text)/);
    expect(tookMs).toBeLessThan(12_000 + 6000); // and what it takes to start and end children on a busy machine
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(await reasonOf(read('next', 'next.txt'))).toBe('read as text');
  });

  it('whose structure costs too much are read without it rather than not at all', async () => {
    const { read } = readerWith({ timeMs: 20_000 }, 1);
    await read('class A {}', 'A.java');
    const { chunks, kind, warnings } = await read('a<\n'.repeat(60_000), 'Angles.java');
    expect({ kind, warnings }).toEqual({
      kind: 'code',
      warnings: ['its structure takes too much time or memory: read as plain text'],
    });
    expect(chunks.at(-1)?.place.endLine).toBe(60_000);
    expect((await read('class A { void b() {} }', 'A.java')).warnings).toEqual([]);
  });
});

describe('the processes that read', () => {
  it('are started when there is work, kept for more, and ended when there is none', async () => {
    const { read, spawned } = readerWith({}, 2, 300);
    expect(spawned).toEqual([]);
    await read('one', 'a.txt');
    await read('two', 'a.txt');
    expect(spawned).toHaveLength(1);
    await sleep(1000);
    expect(spawned.filter(isAlive)).toEqual([]);
    await read('three', 'a.txt');
    expect(spawned).toHaveLength(2);
  });

  it('are as many as were asked for, whoever waits', async () => {
    const { read, spawned } = readerWith({}, 2);
    const all = await Promise.all(Array.from({ length: 40 }, (_, at) => read(`text ${at}`, `${at}.txt`)));
    expect(all.map(({ chunks }) => chunks[0]?.text)).toEqual(Array.from({ length: 40 }, (_, at) => `text ${at}`));
    expect(spawned).toHaveLength(2);
  });

  const slow = () => Buffer.from(`<body>${'<b><i><a href=x><font>'.repeat(60_000)}`);

  it('are killed when a document takes too long, and others read on', async () => {
    const { read, spawned } = readerWith({ timeMs: 1500 }, 2);
    const [late, ...others] = await Promise.all([
      reasonOf(read(slow(), 'slow.html')),
      ...Array.from({ length: 10 }, () => reasonOf(read('a', 'a.txt'))),
    ]);
    expect(late).toBe('too slow');
    expect(new Set(others)).toEqual(new Set(['read as text']));
    expect(spawned.filter(isAlive).length).toBeLessThan(spawned.length);
  });

  it('are killed when nobody wants the document any more, and leave the line at once', async () => {
    const { readInput, read, spawned } = readerWith({ timeMs: 30_000 }, 1);
    await read('warm', 'a.txt');
    const leaving = new AbortController();
    const bytes = slow();
    const first = readInput({ bytes, name: 'slow.html' }, leaving.signal);
    const waiting = readInput({ bytes, name: 'next.html' }, leaving.signal);
    for (const each of [first, waiting]) each.catch(() => undefined);
    setTimeout(() => leaving.abort(new Error('gone')), 100);
    await expect(first).rejects.toThrow('gone');
    await expect(waiting).rejects.toThrow('gone');
    expect(await reasonOf(read('a', 'a.txt'))).toBe('read as text');
    expect(isAlive(spawned[0] ?? 0)).toBe(false);
  });

  it('end with the reader, which then reads nothing more', async () => {
    const { read, stop, spawned } = readerWith({ timeMs: 30_000 }, 1);
    const reading = read(slow(), 'slow.html');
    reading.catch(() => undefined);
    await sleep(300);
    await Promise.all([stop(), stop()]);
    await expect(reading).rejects.toSatisfy(ShuttingDown.is);
    await expect(read('a', 'a.txt')).rejects.toSatisfy(ShuttingDown.is);
    expect(spawned.filter(isAlive)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('know nothing of our environment', async () => {
    process.env.OUR_SECRET = 'never handed on';
    const { read, spawned } = readerWith();
    await read('a', 'a.txt');
    const environment = readFileSync(`/proc/${spawned[0]}/environ`, 'utf8');
    expect(environment).not.toContain('OUR_SECRET');
    expect(environment).not.toContain('HOME=');
  });
});

describe('mutated documents', () => {
  it('are read or refused, and never anything else', async () => {
    const { read } = readerWith({ timeMs: 10_000, memoryMiB: 700 });
    const originals: [string, Uint8Array][] = [
      [
        'a.pdf',
        await pdfOf([
          [
            { text: 'Anchors', size: 20, y: 700 },
            { text: 'A ship at anchor swings.', y: 600 },
          ],
        ]),
      ],
      ['a.docx', await docxOf()],
      ['a.md', Buffer.from('# Anchor\n\n- a\n  - b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nls\n```\n')],
      [
        'a.html',
        Buffer.from('<main><h1>A</h1><table><tr><th>a</th></tr><tr><td>b</td></tr></table><ul><li>c</ul></main>'),
      ],
      ['a.csv', Buffer.from('id,name\n1,"a b"\n2,c\n')],
      [
        'a.json',
        Buffer.from(
          '{"openapi":"3.1.0","info":{"title":"x"},"paths":{"/a":{"get":{"responses":{"200":{"description":"ok"}}}}}}',
        ),
      ],
      ['a.yaml', Buffer.from('a: &x [1, 2]\nb: *x\nc:\n  - d: "e"\n')],
      ['a.ts', Buffer.from('export class A { /** b */ c(): void { return; } }\nexport const d = `e`;\n')],
      ['a.txt', Buffer.from('\uFEFFwide', 'utf16le')],
    ];
    const change = fc.record({ at: fc.nat(), bytes: fc.uint8Array({ maxLength: 6 }), drop: fc.nat({ max: 8 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...originals),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        async ([name, bytes], changes) => {
          let mutated = Buffer.from(bytes);
          for (const { at, bytes: put, drop } of changes) {
            const place = at % (mutated.length + 1);
            mutated = Buffer.concat([mutated.subarray(0, place), put, mutated.subarray(place + drop)]);
          }
          const outcome = await reasonOf(read(mutated, name));
          expect(outcome).toMatch(/^(read as \w+|damaged$|binary$|no text$|unsupported$|encrypted$|too large$)/);
        },
      ),
      { numRuns: 600 },
    );
  });
});
