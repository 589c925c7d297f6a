import { afterAll, describe, expect, it } from 'vitest';
import { docxOf, pdfOf, readerWith, stopReaders } from '../../../../test/documents.ts';
import type { Chunk } from '../types.ts';

afterAll(stopReaders);
const { read } = readerWith();

/** What a test looks at, a line a chunk. */
const outline = (chunks: readonly Chunk[]) => chunks.map(({ headings, text }) => `${headings.join(' > ')}: ${text}`);

describe('Markdown', () => {
  const page = [
    '---',
    'title: Anchoring',
    'description: How a ship is anchored.',
    'tags: [deck, anchor]',
    'draft: false',
    '---',
    '',
    'Before you drop it, look.',
    '',
    '# Anchor',
    '',
    'See [the chart](charts/bay.md) and',
    '[the tide][tide].',
    '',
    '## Gear',
    '',
    '- chain',
    '  - shackle',
    '- rope',
    '',
    '| part | length |',
    '| --- | --- |',
    '| chain | 80 m |',
    '',
    '<!-- nobody sees this -->',
    '<p>A <b>buoy</b> marks it.</p>',
    '',
    '```sh',
    '# not a heading',
    'drop --now',
    '```',
    '',
    '## Empty',
    '',
    '[tide]: https://tides.example/now',
  ].join('\n');

  it('is read by headings, with front matter, links and places', async () => {
    const { title, kind, language, metadata, links, chunks } = await read(page, 'docs/anchoring.md');
    expect({ title, kind, language }).toEqual({ title: 'Anchoring', kind: 'markdown', language: 'english' });
    expect(metadata).toEqual({
      title: 'Anchoring',
      description: 'How a ship is anchored.',
      tags: 'deck, anchor',
      draft: false,
    });
    expect(links).toEqual(['charts/bay.md', 'https://tides.example/now']);
    expect(chunks.map(({ headings, place, kind }) => ({ headings, place, kind }))).toEqual([
      { headings: [], place: { line: 1, endLine: 8 }, kind: 'text' },
      { headings: ['Anchor'], place: { line: 12, endLine: 13 }, kind: 'text' },
      { headings: ['Anchor', 'Gear'], place: { line: 17, endLine: 31 }, kind: 'text' },
      { headings: ['Anchor', 'Empty'], place: { line: 35, endLine: 35 }, kind: 'text' },
    ]);
    expect(chunks.map(({ parent }) => parent)).toEqual([null, null, 1, 1]);
    expect(chunks[2]?.text).toContain('- chain\n  - shackle\n- rope\n\n| part | length |');
    expect(chunks[2]?.text).toContain('A buoy marks it.');
    expect(chunks[2]?.text).not.toContain('nobody');
  });

  it('keeps a heading that has nothing under it', async () => {
    const { chunks } = await read('# Only\n\n## This', 'a.md');
    expect(outline(chunks)).toEqual(['Only > This: This']);
  });

  it('does not take two rulers for front matter', async () => {
    const { chunks, metadata } = await read('---\nNot: a: mapping\n---\n\ntext', 'a.md');
    expect(metadata).toEqual({});
    expect(outline(chunks).join()).toContain('Not: a: mapping');
  });
});

describe('HTML', () => {
  it('is read by its main content, without what surrounds it and what it hides', async () => {
    const { title, chunks, links, metadata, language } = await read(
      `<!doctype html><html lang="de"><head><title>Leinen - Handbuch</title><meta name="description" content="Alles über Leinen">
       <style>p { color: red }</style><script>var secret = 'script'</script></head><body>
       <header><a href="/">Startseite</a></header><nav><ul><li>Menü</li></ul></nav>
       <main><h1>Leinen</h1><p>Eine <em>Leine</em> wird<br>mit <code>Palstek</code> belegt. <a href="knoten.html">Knoten</a></p>
       <div hidden>versteckt</div><p style="display:none">unsichtbar</p>
       <h2><a href="#arten">§</a>Arten <a class="anchor" href="#arten">#</a></h2><ul><li>Vorleine<ol><li>lang</li></ol></li><li>Spring</li></ul>
       <table><tr><th>Leine</th><th>Last</th></tr><tr><td>Polyester</td><td>130|140</td></tr></table>
       <pre><code>belegen --fest
  zwei</code></pre><dl><dt>Poller</dt><dd>steht an Land</dd></dl></main>
       <footer>Impressum</footer></body></html>`,
      'leinen.html',
    );
    expect({ title, language }).toEqual({ title: 'Leinen', language: 'german' });
    expect(metadata).toMatchObject({ lang: 'de', description: 'Alles über Leinen' });
    expect(links).toEqual(['knoten.html']);
    expect(outline(chunks)).toEqual([
      'Leinen: Eine Leine wird\nmit `Palstek` belegt. Knoten',
      'Leinen > Arten: - Vorleine\n  1. lang\n- Spring\n\n| Leine | Last |\n| --- | --- |\n| Polyester | 130\\|140 |\n\nbelegen --fest\n  zwei\n\nPoller\n  steht an Land',
    ]);
    expect(chunks[0]?.place.line).toBe(4);
  });

  it('is known by its beginning and its media type, and may be nested without end', async () => {
    expect((await read('<!DOCTYPE html><p>a', 'page')).kind).toBe('html');
    expect((await read('<p>a</p>', 'page.php', { mediaType: 'text/html; charset=utf-8' })).kind).toBe('html');
    const deep = await read(`<body>${'<div><span>'.repeat(20_000)}bottom`, 'deep.html');
    expect(outline(deep.chunks)).toEqual([': bottom']);
  });

  it('reads the whole page where the part that says it is the main one is not', async () => {
    const { chunks } = await read(`<body><main>x</main><div>${'All the words are here. '.repeat(20)}</div>`, 'a.html');
    expect(chunks[0]?.text).toContain('All the words');
  });
});

describe('plain text', () => {
  it('has headings where they are underlined, and in AsciiDoc', async () => {
    const { title, chunks } = await read('Ropes\n=====\n\nOf hemp.\n\nKnots\n-----\nBowline.\nReef.\n', 'ropes.rst');
    expect(title).toBe('Ropes');
    expect(outline(chunks)).toEqual(['Ropes: Of hemp.', 'Ropes > Knots: Bowline.\nReef.']);
    const doc = await read('= Ropes\n\nOf hemp.\n\n== Knots\nBowline.', 'ropes.adoc');
    expect(outline(doc.chunks)).toEqual(['Ropes: Of hemp.', 'Ropes > Knots: Bowline.']);
  });

  it.each([
    ['UTF-8 with a mark', Buffer.from('\uFEFFgrün und weiß'), undefined],
    ['UTF-16 with a mark', Buffer.from('\uFEFFgrün und weiß', 'utf16le'), 'utf-16le'],
    ['UTF-16 without one', Buffer.from('grün und weiß', 'utf16le'), 'utf-16le'],
    ['UTF-16 of the other order', Buffer.from('\uFEFFgrün und weiß', 'utf16le').swap16(), 'utf-16be'],
    [
      'UTF-32',
      Buffer.from(
        [...'\uFEFFgrün und weiß'].flatMap((each) => [each.charCodeAt(0) & 255, each.charCodeAt(0) >> 8, 0, 0]),
      ),
      'utf-32le',
    ],
    ['Latin-1', Buffer.from('grün und weiß', 'latin1'), 'windows-1252'],
  ])('is decoded: %s', async (_, bytes, encoding) => {
    const { chunks, metadata } = await read(bytes, 'farben.txt');
    expect(chunks[0]?.text).toBe('grün und weiß');
    expect(metadata.encoding).toBe(encoding);
  });

  it.each([
    ['english', 'The ship is at anchor in the bay, and the wind has gone down with the sun.'],
    ['german', 'Das Schiff liegt vor Anker, und der Wind ist mit der Sonne untergegangen.'],
    ['french', 'Le navire est au mouillage dans la baie, et le vent est tombé avec le soleil.'],
    ['spanish', 'El barco está fondeado en la bahía, y el viento se ha calmado con el sol.'],
    ['simple', 'O navio está fundeado na baía, e o vento acalmou com o pôr do sol, mas não há ondas.'],
    ['simple', 'Het schip ligt voor anker in de baai en de wind is gaan liggen met de zon.'],
    ['simple', '12 34 56'],
  ])('is in %s', async (language, text) => {
    expect((await read(text, 'a.txt')).language).toBe(language);
  });
});

describe('PDF', () => {
  const page = [
    { text: 'Anchors', size: 22, y: 780 },
    {
      text: 'A ship at anchor swings with the wind. The scope is five times the\ndepth, or seven in a gale; hyphen-\nated words are whole.',
      y: 740,
    },
    { text: 'Chains', size: 16, y: 660 },
    { text: 'A chain has links.', y: 630 },
  ];

  it('is read by page, with headings by size, whatever it is called', async () => {
    const { kind, title, chunks, warnings, metadata } = await read(
      await pdfOf([page, [], [{ text: 'Ropes float.', y: 700 }]]),
      'anchors.txt',
    );
    expect({ kind, title, metadata }).toEqual({ kind: 'pdf', title: 'Anchors', metadata: { pages: 3 } });
    expect(outline(chunks)).toEqual([
      'Anchors: A ship at anchor swings with the wind. The scope is five times the\ndepth, or seven in a gale; hyphenated words are whole.',
      'Anchors > Chains: A chain has links.',
      'Anchors > Chains: Ropes float.',
    ]);
    expect(chunks.map(({ place }) => place)).toEqual([{ page: 1 }, { page: 1 }, { page: 3 }]);
    expect(warnings).toEqual(['no text on page 2: scanned, drawn or empty']);
  });

  it('is read without its running titles', async () => {
    const pages = Array.from({ length: 6 }, (_, at) => [
      { text: 'Handbook of the deck', y: 810 },
      { text: `Chapter text number ${'one two three four five six'.split(' ')[at]}.`, y: 600 },
      { text: `Page ${at + 1} of 6`, y: 30 },
    ]);
    const { title, chunks } = await read(await pdfOf(pages, 'The deck'), 'deck.pdf');
    expect(title).toBe('The deck');
    expect(chunks.map(({ text }) => text)).toEqual(
      'one two three four five six'.split(' ').map((word) => `Chapter text number ${word}.`),
    );
  });
});

describe('DOCX', () => {
  it('is read by its styles', async () => {
    const { kind, title, chunks } = await read(await docxOf(), 'handbook.docx');
    expect({ kind, title }).toEqual({ kind: 'docx', title: 'Handbook of the deck' });
    expect(outline(chunks)).toEqual([
      'Handbook of the deck: What everybody on deck should know.',
      'Mooring: Lines are made fast with a round turn.\n\n- bow line\n- stern line',
      'Mooring > Strength: | Line | Breaks at |\n| --- | --- |\n| polyester 24 mm | 130 kN |',
    ]);
    expect(chunks.map(({ place }) => place)).toEqual([{}, {}, {}]);
  });
});

describe('CSV', () => {
  it('has a record a row, with the names of the columns and its lines', async () => {
    const { kind, metadata, chunks } = await read(
      'id;name;place\n1;Anchor chain;bow\n2;"Mooring\nline";\n',
      'gear.csv',
      { target: 16 },
    );
    expect(kind).toBe('csv');
    expect(metadata).toEqual({ rows: 2, columns: 3 });
    expect(outline(chunks)).toEqual([
      ': Columns: id, name, place',
      ': id: 1; name: Anchor chain; place: bow',
      ': id: 2\nname: Mooring\nline',
    ]);
    expect(chunks.map(({ place }) => place)).toEqual([
      { line: 1, endLine: 1 },
      { line: 2, endLine: 2 },
      { line: 3, endLine: 4 },
    ]);
  });

  it('divides a large row at its columns, under its first field', async () => {
    const columns = Array.from({ length: 60 }, (_, at) => `field${at}`);
    const { chunks } = await read(
      `key,${columns.join()}\nK-17,${columns.map((each) => `value of ${each}`).join()}\n`,
      'wide.csv',
      { target: 100 },
    );
    const records = chunks.filter(({ kind }) => kind === 'record');
    expect(records.length).toBeGreaterThan(3);
    for (const { text, tokens } of records) {
      expect(text).toMatch(/^key: K-17\nfield\d+: /);
      expect(tokens).toBeLessThanOrEqual(100);
    }
  });

  it('without a header numbers its columns, and is read as text where quotes do not close', async () => {
    expect((await read('1,2\n3,4\n', 'a.csv')).chunks[0]?.text).toContain('column 1: 1; column 2: 2');
    const open = await read('a,b\n1,"never closed\n2,3\n', 'b.csv');
    expect(open.warnings).toEqual(['not well-formed CSV: read as plain text']);
    expect(open.chunks[0]?.text).toContain('never closed');
  });
});

describe('JSON and YAML', () => {
  it('stay whole where they fit, and are opened by their keys where they do not', async () => {
    const value = {
      name: 'deck',
      winches: Array.from({ length: 12 }, (_, at) => ({ id: at, pulls: `${at} kN`, brake: 'on' })),
      crew: { watch: 'four on, eight off' },
    };
    const text = JSON.stringify(value, null, 2);
    expect((await read('{"a": 1}', 'a.json')).chunks).toMatchObject([
      { kind: 'record', text: '{"a": 1}', place: { line: 1, endLine: 1 } },
    ]);
    const { chunks, kind } = await read(text, 'deck.json', { target: 100 });
    expect(kind).toBe('json');
    expect(chunks[0]).toMatchObject({ headings: [], text: '  "name": "deck"', place: { line: 2, endLine: 2 } });
    const winches = chunks.filter(({ headings }) => headings[0] === 'winches');
    expect(winches.length).toBeGreaterThan(1);
    expect(winches.map((each) => each.text).join('\n')).toContain('"id": 11');
    expect(chunks.at(-1)?.text).toContain('four on, eight off');
  });

  it('are read with comments, by lines, and as text where they are broken', async () => {
    expect((await read('// deck\n{"a": [1, 2],}', 'tsconfig.json')).chunks[0]?.text).toContain('"a"');
    const lines = await read('{"a": 1}\n{"a": 2}\n', 'a.jsonl', { target: 8 });
    expect(lines.chunks.map(({ text, place }) => [text, place.line])).toEqual([
      ['{"a": 1}', 1],
      ['{"a": 2}', 2],
    ]);
    const broken = await read('{{ .Values.name }}: {{- if }}\n  a: [', 'chart.yaml');
    expect(broken).toMatchObject({ kind: 'yaml', chunks: [{ text: '{{ .Values.name }}: {{- if }}\n  a: [' }] });
    expect(broken.warnings).toHaveLength(1);
  });

  it('keep the comments of YAML, and its places', async () => {
    const text =
      '# the deck\nwinch:\n  # pulls\n  load: 10\n  items:\n    - one of them\n    # the second\n    - two of them\nbrake: on # always\n---\nother: document\n';
    const { chunks } = await read(text, 'deck.yaml', { target: 12 });
    const all = chunks.map((each) => each.text).join('\n');
    for (const word of [
      '# the deck',
      '# pulls',
      'load: 10',
      '- one of them',
      '# the second',
      'brake: on # always',
      'other: document',
    ])
      expect(all).toContain(word);
    expect(chunks.find((each) => each.text.includes('one of'))).toMatchObject({
      headings: ['winch', 'items'],
      place: { line: 6 },
    });
  });
});

describe('OpenAPI', () => {
  const api = `openapi: 3.1.0
info: { title: Harbour, version: 1.2.0, description: Berths and who lies there. }
servers: [{ url: 'https://harbour.example/v1' }]
paths:
  /berths/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get:
      operationId: getBerth
      summary: Tells who lies at a berth
      responses:
        '200':
          description: The berth
          content: { application/json: { schema: { $ref: '#/components/schemas/Berth' } } }
    delete:
      deprecated: true
      responses: { '204': { description: Gone } }
components:
  schemas:
    Berth:
      type: object
      description: A place for a ship
      required: [length]
      properties:
        length: { type: number, description: in metres }
        state: { type: string, enum: [free, taken] }
`;
  it('has a chunk for each operation and schema', async () => {
    const { kind, title, chunks, metadata } = await read(api, 'api.yaml');
    expect({ kind, title, metadata }).toEqual({
      kind: 'openapi',
      title: 'Harbour',
      metadata: { version: '1.2.0', operations: 2 },
    });
    expect(chunks.map(({ headings, place }) => [headings[0], place.line])).toEqual([
      [undefined, 2],
      ['GET /berths/{id}', 7],
      ['DELETE /berths/{id}', 14],
      ['schema Berth', 19],
    ]);
    expect(chunks[1]?.text).toBe(
      'GET /berths/{id} (getBerth)\nTells who lies at a berth\n\nParameters:\n- id (path, required, integer)\n\nResponses:\n- 200 The berth\n  application/json Berth',
    );
    expect(chunks[3]?.text).toContain('- length (number: in metres, required)\n- state (string one of free, taken)');
  });
});
