import { parse, parseFragment } from 'parse5';
import { createOutline, type Outline, type Part } from '../chunk/index.ts';
import type { Place, ReadDocument } from '../types.ts';
import type { Content } from './content.ts';
import {
  attribute,
  childrenOf,
  type Element,
  elementsIn,
  find,
  isBlock,
  isDropped,
  isElement,
  maxDepth,
  type Node,
  rawText,
} from './html-nodes.ts';
import { cellsOf, codeText, itemsOf, textOf } from './html-text.ts';

/** The text of a piece of HTML in another document. */
export function readFragment(html: string): string {
  return textOf(parseFragment(html).childNodes);
}

/** A page: its main content by headings, without what surrounds it and what it hides. */
export function readHtml(html: string): Content {
  const document = parse(html, { sourceCodeLocationInfo: true });
  const body = find(document, ({ tagName }) => tagName === 'body') ?? document;
  const main = mainOf(body);
  const links = new Set<string>();
  const outline = createOutline();
  walk({ outline, surroundings: main !== body }, main, 0);
  for (const element of elementsIn(main)) addLink(links, element);
  return {
    kind: 'html',
    title: titleOf(document, main),
    blocks: outline.blocks(),
    metadata: metadataOf(document),
    links,
  };
}

/** What the page says is its content, unless nearly all of its words stand elsewhere. */
function mainOf(body: Node): Node {
  const said = find(body, (each) => each.tagName === 'main' || attribute(each, 'role') === 'main') ?? onlyArticle(body);
  if (!said) return body;
  const length = rawText(said).trim().length;
  return length > 200 || length * 3 > rawText(body).trim().length ? said : body;
}

function onlyArticle(body: Node): Element | undefined {
  const articles = [...elementsIn(body)].filter(({ tagName }) => tagName === 'article');
  return articles.length === 1 ? articles[0] : undefined;
}

interface Walk {
  outline: Outline;
  /** The walk is in the main content, where headers and footers are part of it. */
  surroundings: boolean;
}

function walk(state: Walk, parent: Node, depth: number): void {
  let run: Node[] = [];
  const endRun = () => {
    addText(state.outline, run);
    run = [];
  };
  for (const node of childrenOf(parent)) {
    if (!isElement(node)) run.push(node);
    else if (isDropped(node) || isSurrounding(state, node)) continue;
    else if (isBlock(node) || (depth < maxDepth && holdsBlocks(node))) {
      endRun();
      addElement(state, node, depth + 1);
    } else run.push(node);
  }
  endRun();
}

function isSurrounding({ surroundings }: Walk, { tagName }: Element): boolean {
  return !surroundings && (tagName === 'header' || tagName === 'footer' || tagName === 'aside');
}

/** An inline element, or one that HTML does not know, around paragraphs. */
function holdsBlocks(element: Element): boolean {
  return element.childNodes.some((child) => isElement(child) && isBlock(child));
}

function addElement(state: Walk, element: Element, depth: number) {
  const { outline } = state;
  const place = placeOf(element);
  const heading = /^h([1-6])$/.exec(element.tagName)?.[1];
  if (heading !== undefined) {
    const text = textOf(childrenOf(element))
      .replace(/\s+/g, ' ')
      .replace(/^[\u00a7\u00b6]\s*|\s*[\u00a7\u00b6#\u{1f517}]$/gu, '');
    if (text !== '') outline.open(Number(heading), text.replaceAll('`', ''), place);
    return;
  }
  if (depth > maxDepth) return addText(outline, [element]);
  switch (element.tagName) {
    case 'pre':
      return outline.add({ kind: 'code', text: codeText(element), place });
    case 'ul':
    case 'ol':
    case 'dl':
      return isLayout(element) ? walk(state, element, depth) : addList(outline, element, place);
    case 'table':
      return isLayout(element) ? walk(state, element, depth) : addTable(outline, element, place);
    case 'p':
      return addText(outline, [element]);
    case 'header':
    case 'article':
    case 'main':
      return walk({ ...state, surroundings: true }, element, depth);
    default:
      return walk(state, element, depth);
  }
}

/** Headings and tables inside are content of their own: then it only arranges them. */
function isLayout(element: Element): boolean {
  if (attribute(element, 'role') === 'presentation') return true;
  return find(element, ({ tagName }) => /^h[1-6]$|^table$/.test(tagName)) !== undefined;
}

function addText(outline: Outline, nodes: readonly Node[]): void {
  const text = textOf(nodes);
  if (text === '') return;
  const places = nodes.map(placeOf).filter(({ line }) => line !== undefined);
  const line = places[0]?.line;
  const endLine = places.at(-1)?.endLine;
  outline.add({ kind: 'text', text, place: line === undefined || endLine === undefined ? {} : { line, endLine } });
}

function addList(outline: Outline, list: Element, place: Place): void {
  const parts = itemsOf(list).map((text) => ({ text, ...place }));
  outline.add({ kind: 'list', text: parts.map(({ text }) => text).join('\n'), place, parts });
}

function addTable(outline: Outline, table: Element, place: Place): void {
  const rows: { header: boolean; part: Part }[] = [];
  let caption = '';
  for (const element of elementsIn(table)) {
    if (element.tagName === 'caption') caption = textOf(childrenOf(element));
    if (element.tagName !== 'tr' || isDropped(element)) continue;
    const cells = cellsOf(element);
    if (cells.every((cell) => cell === '')) continue;
    const header = element.childNodes.every((cell) => !isElement(cell) || cell.tagName === 'th');
    rows.push({ header, part: { text: `| ${cells.join(' | ')} |`, ...placeOf(element) } });
  }
  if (caption !== '') outline.add({ kind: 'text', text: caption, place });
  const [first] = rows;
  const body = first?.header ? rows.slice(1) : rows;
  const ruler = first?.part.text.replace(/(?:\\\||[^|])+/g, ' --- ');
  const head = first?.header ? `${first.part.text}\n${ruler?.trim()}` : undefined;
  const parts = body.map(({ part }) => part);
  const text = [...(head === undefined ? [] : [head]), ...parts.map((part) => part.text)].join('\n');
  outline.add({ kind: 'table', text, place, parts, ...(head === undefined ? {} : { head }) });
}

function placeOf(node: Node): Place {
  const at = 'sourceCodeLocation' in node ? node.sourceCodeLocation : undefined;
  return at ? { line: at.startLine, endLine: at.endLine } : {};
}

function addLink(links: Set<string>, element: Element): void {
  if (element.tagName !== 'a' || isDropped(element)) return;
  const href = attribute(element, 'href')?.trim();
  if (href && !href.startsWith('#') && !/^(javascript|data):/i.test(href)) links.add(href);
}

/** The page's own heading where the title of the window repeats it with more around it. */
function titleOf(document: Node, main: Node): string | undefined {
  const tidy = (element: Element | undefined) =>
    element && childrenOf(element).map((each) => ('value' in each ? each.value : rawText(each))).join('').replace(/\s+/g, ' ').trim(); // biome-ignore format: one thought
  const title = tidy(find(document, ({ tagName }) => tagName === 'title'));
  const heading = tidy(find(main, ({ tagName }) => tagName === 'h1'));
  return heading && (!title || title.includes(heading)) ? heading : title || undefined;
}

const kept = new Set(['description', 'author', 'keywords', 'date', 'article:published_time', 'article:modified_time']);

function metadataOf(document: Node): ReadDocument['metadata'] {
  const metadata: ReadDocument['metadata'] = {};
  for (const element of elementsIn(document)) {
    if (element.tagName === 'html') {
      const lang = attribute(element, 'lang')?.trim();
      if (lang) metadata.lang = lang;
    }
    if (element.tagName !== 'meta') continue;
    const name = (attribute(element, 'name') ?? attribute(element, 'property') ?? '').toLowerCase();
    const content = attribute(element, 'content')?.trim();
    if (kept.has(name) && content) metadata[name] = content.slice(0, 2000);
  }
  return metadata;
}
