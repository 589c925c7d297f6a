import MarkdownIt from 'markdown-it';
import { createOutline, type Outline, type Part } from '../chunk/index.ts';
import type { Content } from './content.ts';
import { readFrontMatter } from './front-matter.ts';
import { readFragment } from './html.ts';

type Parser = InstanceType<typeof MarkdownIt>;
type Token = ReturnType<Parser['parse']>[number];

export interface MarkdownReader {
  read(text: string): Content;
}

/** Markdown as GitHub writes it. Blocks are the lines of the source, so that nothing of it is lost. */
export function createMarkdownReader(): MarkdownReader {
  const parser = new MarkdownIt({ html: true });
  return { read: (text) => readMarkdown(parser, text) };
}

function readMarkdown(parser: Parser, text: string): Content {
  const front = readFrontMatter(text);
  const lines = text.split('\n');
  for (let at = 0; at < front.lines; at++) lines[at] = '';
  const links = new Set<string>();
  const outline = createOutline();
  if (front.description !== undefined)
    outline.add({ kind: 'text', text: front.description, place: { line: 1, endLine: front.lines } });
  const tokens = parser.parse(lines.join('\n'), {});
  let title = front.title;
  let done = front.lines;
  for (let at = 0; at < tokens.length; at = endOf(tokens, at)) {
    const token = tokens[at];
    if (!token?.map) continue;
    const [start, end] = token.map;
    if (end <= done) continue;
    addLines(outline, lines, done, start); // link definitions have no token
    done = end;
    const inner = tokens.slice(at, endOf(tokens, at));
    for (const each of inner) addLinks(links, each);
    if (token.type === 'heading_open') {
      const heading = plainText(inner.find(({ type }) => type === 'inline'));
      if (heading === '') continue;
      if (token.tag === 'h1') title ??= heading;
      outline.open(Number(token.tag.slice(1)), heading, { line: start + 1, endLine: end });
    } else addBlock(outline, lines, inner, start, end);
  }
  addLines(outline, lines, done, lines.length);
  return { kind: 'markdown', title, blocks: outline.blocks(), metadata: front.metadata, links };
}

/** The token after the block that begins here. */
function endOf(tokens: readonly Token[], at: number): number {
  let depth = 0;
  for (let end = at; end < tokens.length; end++) {
    depth += tokens[end]?.nesting ?? 0;
    if (depth <= 0) return end + 1;
  }
  return tokens.length;
}

function addBlock(outline: Outline, lines: readonly string[], inner: readonly Token[], start: number, end: number) {
  const place = { line: start + 1, endLine: end };
  const text = sourceOf(lines, start, end);
  switch (inner[0]?.type) {
    case 'hr':
      return;
    case 'html_block':
      return outline.add({ kind: 'text', text: readFragment(text), place });
    case 'bullet_list_open':
    case 'ordered_list_open':
      return outline.add({ kind: 'list', text, place, verbatim: true, parts: itemsOf(lines, inner, start, end) });
    case 'table_open': {
      const body = Math.min(start + 2, end);
      const parts = lines.slice(body, end).map((row, at) => partAt(row, body + at, body + at + 1));
      return outline.add({ kind: 'table', text, place, verbatim: true, parts, head: sourceOf(lines, start, body) });
    }
    case 'fence':
    case 'code_block':
      return outline.add({ kind: 'code', text, place, verbatim: true });
    default:
      return outline.add({ kind: 'text', text, place, verbatim: true });
  }
}

/** The outermost items; one that is too long is divided as text. */
function itemsOf(lines: readonly string[], inner: readonly Token[], start: number, end: number): Part[] {
  const level = (inner[0]?.level ?? 0) + 1;
  const starts = inner
    .filter((token) => token.type === 'list_item_open' && token.level === level)
    .map((token) => token.map?.[0] ?? start);
  return starts.map((from, at) => partAt(sourceOf(lines, from, starts[at + 1] ?? end), from, starts[at + 1] ?? end));
}

function partAt(text: string, start: number, end: number): Part {
  return { text: text.trimEnd(), line: start + 1, endLine: end };
}

function addLines(outline: Outline, lines: readonly string[], start: number, end: number): void {
  if (end <= start) return;
  outline.add({
    kind: 'text',
    text: sourceOf(lines, start, end),
    place: { line: start + 1, endLine: end },
    verbatim: true,
  });
}

function sourceOf(lines: readonly string[], start: number, end: number): string {
  return lines.slice(start, end).join('\n');
}

function addLinks(links: Set<string>, token: Token): void {
  for (const child of token.children ?? []) {
    const href = child.attrGet(child.type === 'image' ? 'src' : 'href');
    if (href) links.add(String(href));
  }
}

/** A heading as it is shown. */
function plainText(inline: Token | undefined): string {
  const shown = (inline?.children ?? []).map((child) => {
    if (child.type === 'softbreak' || child.type === 'hardbreak') return ' ';
    return child.type === 'html_inline' ? '' : child.content;
  });
  return shown.join('').replace(/\s+/g, ' ').trim();
}
