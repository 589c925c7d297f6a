import { afterAll, describe, expect, it } from 'vitest';
import { readerWith, stopReaders } from '../../../../test/documents.ts';

afterAll(stopReaders);
const { read } = readerWith();

/** Long enough to be a chunk of its own. */
const said =
  'holds a ship where wind and tide would take her away, and lets her go when whoever is on watch says so, not before';

const files: [name: string, text: string, symbols: string[]][] = [
  [
    'a.ts',
    `// ${said}\nexport function drop(depth: number): number { return depth * 5; }\n/** ${said} */\nexport const weigh = async () => { await up('${said}'); };\nexport interface Anchor { /** ${said} */ kind: string; weight: number }`,
    ['function drop', 'const weigh', 'interface Anchor'],
  ],
  [
    'a.d.ts',
    `declare module 'anchors' {\n  /** ${said} */\n  export function drop(depth: number, chain: number): Promise<void>;\n}\n/** ${said} */\nexport declare abstract class Anchor<T> { abstract weigh(rope: T): void }`,
    ['module anchors', 'class Anchor'],
  ],
  [
    'a.tsx',
    `/* ${said} */\nexport function Buoy({ name }: Props) { return <b className="buoy">{name} ${said}</b>; }`,
    ['function Buoy'],
  ],
  [
    'a.js',
    `/* ${said} */\nclass Anchor { drop() { return '${said}'; } }\nmodule.exports = { Anchor };`,
    ['class Anchor'],
  ],
  [
    'a.py',
    `import os\n\n# ${said}\n@deck\nclass Anchor(Base):\n    """${said}"""\n\nasync def weigh(anchor):\n    """${said}"""\n    await anchor.up()\n`,
    ['class Anchor', 'def weigh'],
  ],
  [
    'a.go',
    `package deck\n\n// Server ${said}\ntype Server struct {\n\tropes map[string]int\n}\n\n// Serve ${said}\nfunc (s *Server) Serve(name string) int {\n\treturn s.ropes[name]\n}\n`,
    ['type Server', 'method Server.Serve'],
  ],
  [
    'a.rs',
    `/// ${said}\n#[derive(Debug)]\npub struct Knot { turns: u32 }\n\nimpl Display for Knot {\n    /// ${said}\n    fn fmt(&self) -> u32 { self.turns }\n}\n`,
    ['struct Knot', 'impl Display for Knot'],
  ],
  [
    'A.java',
    `package deck;\n/** ${said} */\npublic class Hatch implements Closeable {\n  @Override public void close() { dog(1); }\n}\n`,
    ['class Hatch'],
  ],
  [
    'a.c',
    `#include <deck.h>\n/* ${said} */\nstatic int *winch_pull(struct winch *w, int metres) {\n  return w->out - metres;\n}\n/* ${said} */\nstruct winch { int out; double pull; };\n`,
    ['function winch_pull', 'struct winch'],
  ],
  [
    'a.hpp',
    `#ifndef A\n#define A\nnamespace deck {\n/* ${said} */\ntemplate <typename T> class Cleat { public: T hold(T line); };\n/* ${said} */\nvoid Cleat_release(int line) { hold(line, line, line); }\n}\n#endif\n`,
    ['namespace deck'],
  ],
  [
    'a.cs',
    `namespace Deck;\n/// ${said}\npublic class Cleat : IHolder { public string Name { get; set; } }\n/// ${said}\npublic enum Line { Bow, Stern }\n`,
    ['class Cleat', 'enum Line'],
  ],
  [
    'a.rb',
    `module Deck\n  # ${said}\n  class Block\n    def initialize(sheaves)\n      @sheaves = sheaves\n    end\n  end\nend\n`,
    ['module Deck'],
  ],
  [
    'a.php',
    `<?php\n/** ${said} */\nfunction drop(int $depth): int { return $depth * 5; }\n/** ${said} */\nclass Anchor { public function weigh() { return 1; } }\n`,
    ['function drop', 'class Anchor'],
  ],
  ['a.sh', `#!/bin/sh\n# ${said}\ndrop() {\n  echo "${said}"\n}\n`, ['function drop']],
];

describe('code', () => {
  it.each(files)('of %s is read by its symbols, with the comments above them', async (name, text, symbols) => {
    const { kind, chunks, warnings, title } = await read(text, `src/${name}`);
    expect({ kind, title, warnings }).toEqual({ kind: 'code', title: `src/${name}`, warnings: [] });
    expect(chunks.flatMap(({ headings }) => headings)).toEqual(symbols);
    for (const { headings, text: shown } of chunks) if (headings.length > 0) expect(shown).toContain('holds a ship');
    for (const { place, text: shown } of chunks)
      expect(shown).toBe(
        text
          .split('\n')
          .slice((place.line ?? 0) - 1, place.endLine)
          .join('\n')
          .replace(/^\n+/, '')
          .trimEnd(),
      );
  });

  const large = (members: number) =>
    `/** ${said} */\nexport class Winch {\n  private out = 0;\n\n${Array.from({ length: members }, (_, at) => `  /** ${said} */\n  pull${at}(metres: number): void {\n    this.out -= metres + ${at};\n  }\n`).join('\n')}}\n`;

  it('opens a class that does not fit, and names the way to each of its members', async () => {
    const { chunks } = await read(large(8), 'winch.ts', { target: 100 });
    expect(chunks.map(({ headings }) => headings.join(' > '))).toEqual([
      'class Winch',
      ...Array.from({ length: 8 }, (_, at) => `class Winch > method pull${at}`),
    ]);
    expect(chunks[0]?.text).toMatch(/^\/\*\* holds[\s\S]*private out = 0;$/);
    expect(chunks.at(-1)?.text).toMatch(/\n {2}}\n}$/); // no chunk for a brace
    expect(chunks.map(({ parent }) => parent)).toEqual([null, ...Array(8).fill(0)]);
  });

  it('cuts a function that does not fit at its blank lines', async () => {
    const steps = Array.from(
      { length: 12 },
      (_, at) => `  const step${at} = pull(${at});\n  if (step${at} > 3) {\n    stop(step${at});\n  }\n`,
    );
    const { chunks } = await read(`export function haul() {\n${steps.join('\n')}}\n`, 'haul.ts', { target: 120 });
    expect(chunks.length).toBeGreaterThan(2);
    for (const { headings, text, tokens } of chunks) {
      expect(headings).toEqual(['function haul']);
      expect(tokens).toBeLessThanOrEqual(120);
      expect(text).toMatch(/^(export function haul| {2}const step)/);
    }
  });

  it('with syntax errors still yields all of its text', async () => {
    const { chunks, warnings } = await read(
      `export function ok() { return '${said}'; }\n\nfunction broken( {\n  <<<<<<< HEAD\n  ${said}\n`,
      'a.ts',
    );
    expect(warnings).toEqual(['it has syntax errors; symbols may be missing']);
    expect(chunks[0]?.headings).toEqual(['function ok']);
    expect(chunks.map(({ text }) => text).join('\n')).toContain('<<<<<<< HEAD');
  });

  it('that nobody wrote is read as plain text', async () => {
    const { chunks, warnings } = await read(
      `var a=${Array.from({ length: 3000 }, (_, at) => `f(${at});var b${at}`).join('=')}`,
      'bundle.min.js',
    );
    expect(warnings).toEqual(['its lines are too long for written code: read as plain text']);
    for (const { tokens } of chunks) expect(tokens).toBeLessThanOrEqual(320);
  });

  it('is known by its first line', async () => {
    const { metadata } = await read('#!/usr/bin/env python3\nprint(1)\n', 'tools/deck');
    expect(metadata).toEqual({ programmingLanguage: 'python' });
  });
});
