import { isObject } from '../../../../kernel/json.ts';

type Node = Record<string, unknown>;

/** Markdown of a document in the Atlassian Document Format. What it does not know contributes its text. */
export function markdownOfAdf(document: unknown): string {
  return isObject(document) ? blocksOf(document).trim() : '';
}

function childrenOf(node: Node): Node[] {
  return Array.isArray(node.content) ? node.content.filter(isObject) : [];
}

function attributeOf(node: Node, name: string): string {
  const value = isObject(node.attrs) ? node.attrs[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function blocksOf(node: Node): string {
  return childrenOf(node)
    .map(blockOf)
    .filter((block) => block.trim() !== '')
    .join('\n\n');
}

function blockOf(node: Node): string {
  switch (node.type) {
    case 'paragraph':
      return atLineStarts(inlinesOf(node));
    case 'heading':
      return `${'#'.repeat(Math.min(6, Math.max(1, Number(attributeOf(node, 'level')) || 1)))} ${inOneLine(inlinesOf(node))}`;
    case 'bulletList':
    case 'decisionList':
      return listOf(node, () => '- ');
    case 'orderedList': {
      const first = Number(attributeOf(node, 'order')) || 1;
      return listOf(node, (index) => `${first + index}. `);
    }
    case 'taskList':
      return listOf(node, (_, item) => `- [${attributeOf(item, 'state') === 'DONE' ? 'x' : ' '}] `);
    case 'codeBlock':
      return fenced(
        childrenOf(node)
          .map((child) => String(child.text ?? ''))
          .join(''),
        attributeOf(node, 'language'),
      );
    case 'blockquote':
    case 'panel':
      return prefixed(blocksOf(node), '> ');
    case 'expand':
    case 'nestedExpand': {
      const title = escaped(attributeOf(node, 'title'));
      return [title && `**${title}**`, blocksOf(node)].filter(Boolean).join('\n\n');
    }
    case 'rule':
      return '---';
    case 'table':
      return tableOf(node);
    case 'blockCard':
    case 'embedCard':
    case 'media':
      return inlineOf(node);
    default: {
      const inner = childrenOf(node);
      return inner.length > 0 && inner.every(isInline)
        ? atLineStarts(inlinesOf(node))
        : blocksOf(node) || inlineOf(node);
    }
  }
}

const inlines = new Set([
  'text',
  'hardBreak',
  'mention',
  'emoji',
  'inlineCard',
  'status',
  'date',
  'mediaInline',
  'placeholder',
]);

function isInline(node: Node): boolean {
  return inlines.has(String(node.type));
}

function listOf(node: Node, mark: (index: number, item: Node) => string): string {
  return childrenOf(node)
    .map((item, index) => {
      if (/List$/.test(String(item.type))) return prefixed(blockOf(item), '  '); // a list right within a list
      const start = mark(index, item);
      return start + prefixed(blockOf(item), ' '.repeat(start.length)).slice(start.length);
    })
    .join('\n');
}

function tableOf(node: Node): string {
  const rows = childrenOf(node).map((row) => childrenOf(row).map(cellOf));
  const width = Math.max(0, ...rows.map((row) => row.length));
  if (width === 0) return '';
  const line = (cells: string[]) => `| ${Array.from({ length: width }, (_, i) => cells[i] ?? '').join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(Array(width).fill('---')), ...body.map(line)].join('\n');
}

function cellOf(cell: Node): string {
  return inOneLine(blocksOf(cell)).replaceAll('|', '\\|');
}

function inOneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join(' ');
}

function inlinesOf(node: Node): string {
  return childrenOf(node).map(inlineOf).join('');
}

function inlineOf(node: Node): string {
  switch (node.type) {
    case 'text':
      return marked(String(node.text ?? ''), node);
    case 'hardBreak':
      return '\n';
    case 'mention':
    case 'status':
      return escaped(attributeOf(node, 'text'));
    case 'emoji':
      return attributeOf(node, 'text') || attributeOf(node, 'shortName');
    case 'inlineCard':
    case 'blockCard':
    case 'embedCard':
      return linked(attributeOf(node, 'url'), escaped(attributeOf(node, 'url')));
    case 'date': {
      const time = new Date(Number(attributeOf(node, 'timestamp')));
      return Number.isNaN(time.getTime()) ? '' : time.toISOString().slice(0, 10);
    }
    case 'media':
    case 'mediaInline':
      return escaped(attributeOf(node, 'alt'));
    default:
      return inlinesOf(node);
  }
}

function marked(text: string, node: Node): string {
  const marks = Array.isArray(node.marks) ? node.marks.filter(isObject) : [];
  const has = (type: string) => marks.some((mark) => mark.type === type);
  const link = marks.find((mark) => mark.type === 'link');
  const href = link ? attributeOf(link, 'href') : '';
  const plain = has('code') ? inBackticks(text) : escaped(text);
  // Blanks at the ends would keep the stars from being read as marks.
  const inner = plain.trim();
  if (inner === '') return plain;
  const wrapped = [
    ['strike', '~~'],
    ['em', '*'],
    ['strong', '**'],
  ].reduce((all, [type = '', sign = '']) => (has(type) ? `${sign}${all}${sign}` : all), inner);
  const start = plain.length - plain.trimStart().length;
  const whole = href === '' ? wrapped : linked(href, wrapped);
  return `${plain.slice(0, start)}${whole}${plain.slice(start + inner.length)}`;
}

/** @param text Markdown already */
function linked(href: string, text: string): string {
  if (!/^(https?|mailto):/i.test(href)) return text;
  return `[${text}](<${href.replace(/[<>\s]/g, encodeURIComponent)}>)`;
}

function inBackticks(text: string): string {
  const fence = fenceFor(text, 1);
  const padded = /^`|`$/.test(text) ? ` ${text} ` : text;
  return `${fence}${padded}${fence}`;
}

function fenced(code: string, language: string): string {
  const fence = fenceFor(code, 3);
  return `${fence}${/^[\w+#.-]*$/.test(language) ? language : ''}\n${code}\n${fence}`;
}

/** More of them than the text has in a row. */
function fenceFor(text: string, least: number): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  return '`'.repeat(Math.max(least, longest + 1));
}

function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<~]/g, '\\$&');
}

/** What would make a heading, quote or list of a line of text. */
function atLineStarts(text: string): string {
  return text.replace(/^([ \t]*)(#{1,6}(?=\s)|>|[-+](?=\s)|\d+(?=[.)]\s)|={2,}|-{2,})/gm, (_, blanks, sign) =>
    /^\d/.test(sign) ? `${blanks}${sign}\\` : `${blanks}\\${sign}`,
  );
}

function prefixed(text: string, prefix: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? prefix.trimEnd() : `${prefix}${line}`))
    .join('\n');
}
