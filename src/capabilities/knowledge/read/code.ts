import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import treeSitter from '@vscode/tree-sitter-wasm';
import { type Block, estimateTokens, type Section, sectionIn, usualChunks, whole } from '../chunk/index.ts';
import type { Content } from './content.ts';
import { type CodeLanguage, type Grammar, grammars } from './grammars.ts';
import { attachedFrom, bodyOf, nameOf, type SyntaxNode, symbolsIn } from './syntax.ts';

type Parser = InstanceType<typeof treeSitter.Parser>;

export interface CodeReader {
  read(text: string, name: string, language: CodeLanguage, target?: number): Promise<Content>;
}

/** Code by its symbols. Grammars are loaded when the first file of their language comes. */
export function createCodeReader(): CodeReader {
  const parsers = new Map<CodeLanguage, Promise<Parser>>();
  let started: Promise<void> | undefined;

  const load = async (language: CodeLanguage): Promise<Parser> => {
    started ??= treeSitter.Parser.init();
    await started;
    const url = import.meta.resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${grammars[language].file}.wasm`);
    const parser = new treeSitter.Parser();
    parser.setLanguage(await treeSitter.Language.load(await readFile(fileURLToPath(url))));
    return parser;
  };

  return {
    async read(text, name, language, target = usualChunks.target) {
      const shown = readAsLines(text, name);
      if (isMinified(text))
        return { ...shown, warnings: ['its lines are too long for written code: read as plain text'] };
      const parser = parsers.get(language) ?? load(language);
      parsers.set(language, parser);
      const tree = (await parser).parse(text);
      if (!tree) return { ...shown, warnings: ['its syntax could not be read: read as plain text'] };
      try {
        const { hasError } = tree.rootNode;
        const blocks = blocksOf(text, tree.rootNode, grammars[language], target);
        const warnings = hasError ? ['it has syntax errors; symbols may be missing'] : [];
        return { ...shown, blocks, metadata: { programmingLanguage: language }, warnings };
      } finally {
        tree.delete();
      }
    },
  };
}

/** Code without its symbols, for what no grammar can be asked about. */
export function readAsLines(text: string, name: string): Content {
  const place = { line: 1, endLine: text.split('\n').length };
  return { kind: 'code', title: name, blocks: [{ section: whole, kind: 'code', text, place, verbatim: true }] };
}

function isMinified(text: string): boolean {
  return text.length > 20_000 && text.length / text.split('\n').length > 400;
}

interface Walk {
  lines: readonly string[];
  blocks: Block[];
  grammar: Grammar;
  target: number;
}

/** Smaller symbols stay with their neighbours, in shares of a chunk: one of a line or two says too little. */
const tinySymbol = 0.1;
/** Fewer tokens between symbols, a closing brace say, go to a symbol beside them. */
const scrap = 12;

function blocksOf(text: string, root: SyntaxNode, grammar: Grammar, target: number): Block[] {
  const walk: Walk = { lines: text.split('\n'), blocks: [], grammar, target };
  addSymbols(walk, root, 0, walk.lines.length - 1, whole);
  return walk.blocks;
}

/** Every line from `first` to `last` (from 0) comes into one block: that of a symbol, or what stands between them. */
function addSymbols(walk: Walk, parent: SyntaxNode, first: number, last: number, section: Section): void {
  let next = first;
  for (const symbol of symbolsIn(parent, walk.grammar)) {
    let from = Math.max(next, attachedFrom(symbol.outer, next));
    const to = Math.min(last, lastRow(symbol.outer));
    if (to < from) continue; // on a line with the one before
    const tokens = tokensOf(walk, from, to);
    const name = nameOf(symbol.node, walk.grammar);
    if (name === undefined || (tokens < walk.target * tinySymbol && to < last)) continue;
    if (tokensOf(walk, next, from - 1) < scrap) from = next;
    addLines(walk, next, from - 1, section);
    const inner = sectionIn(section, name);
    const body = tokens > walk.target ? bodyOf(symbol.node, walk.grammar) : undefined;
    if (body) addSymbols(walk, body, from, to, inner);
    else addLines(walk, from, to, inner);
    next = to + 1;
  }
  const before = walk.blocks.at(-1);
  if (next > first && before && tokensOf(walk, next, last) < scrap) extend(walk, before, last);
  else addLines(walk, next, last, section);
}

function addLines(walk: Walk, first: number, last: number, section: Section): void {
  const text = textIn(walk, first, last);
  if (text.trim() === '') return;
  walk.blocks.push({ section, kind: 'code', text, place: { line: first + 1, endLine: last + 1 }, verbatim: true });
}

function extend(walk: Walk, block: Block, last: number): void {
  block.text = textIn(walk, (block.place.line ?? 1) - 1, last);
  block.place = { ...block.place, endLine: last + 1 };
}

function tokensOf(walk: Walk, first: number, last: number): number {
  return estimateTokens(textIn(walk, first, last));
}

function textIn({ lines }: Walk, first: number, last: number): string {
  return lines.slice(first, last + 1).join('\n');
}

/** The last line that it is on, from 0; some grammars count the line end in. */
function lastRow({ endPosition }: SyntaxNode): number {
  return endPosition.row - (endPosition.column === 0 ? 1 : 0);
}
