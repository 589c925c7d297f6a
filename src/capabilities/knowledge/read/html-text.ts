import {
  attribute,
  childrenOf,
  type Element,
  isBlock,
  isDropped,
  isElement,
  maxDepth,
  type Node,
  rawText,
} from './html-nodes.ts';

/** The words of some nodes as they are shown, in one run or in lines where there are blocks; `code` in backticks. */
export function textOf(nodes: readonly Node[], depth = 0): string {
  const lines: string[] = [];
  let run = '';
  const endRun = () => {
    const text = run
      .split('\n')
      .map((line) => line.replace(/[^\S\n]+/g, ' ').trim())
      .join('\n')
      .trim();
    if (text !== '') lines.push(text);
    run = '';
  };
  for (const node of nodes) {
    if (!isElement(node)) {
      if ('value' in node) run += node.value.replace(/\s+/g, ' ');
      continue;
    }
    if (isDropped(node)) continue;
    if (depth > maxDepth) run += rawText(node).replace(/\s+/g, ' ');
    else if (isBlock(node)) {
      endRun();
      const text = blockText(node, depth + 1);
      if (text.trim() !== '') lines.push(text);
    } else run += inlineText(node, depth + 1);
  }
  endRun();
  return lines.join('\n');
}

function inlineText(element: Element, depth: number): string {
  switch (element.tagName) {
    case 'br':
      return '\n';
    case 'wbr':
      return '';
    case 'img':
      return ` ${attribute(element, 'alt') ?? ''} `.replace(/\s+/g, ' ');
    case 'code':
    case 'kbd':
    case 'samp': {
      const code = rawText(element).replace(/\s+/g, ' ').trim();
      return code === '' ? '' : `\`${code}\``;
    }
    default: {
      // Blanks at its edges part it from its neighbours, which `textOf` would trim.
      const raw = textOf(childrenOf(element), depth);
      const [before, after] = edgesOf(element);
      return `${before}${raw}${after}`;
    }
  }
}

function edgesOf(element: Element): [string, string] {
  let first: Node | undefined = element;
  let last: Node | undefined = element;
  for (let depth = 0; first && 'childNodes' in first && depth < maxDepth; depth++) first = first.childNodes[0];
  for (let depth = 0; last && 'childNodes' in last && depth < maxDepth; depth++) last = last.childNodes.at(-1);
  const before = first && 'value' in first && /^\s/.test(first.value) ? ' ' : '';
  const after = last && 'value' in last && /\s$/.test(last.value) ? ' ' : '';
  return [before, after];
}

function blockText(element: Element, depth: number): string {
  switch (element.tagName) {
    case 'ul':
    case 'ol':
    case 'dl':
      return itemsOf(element, depth).join('\n');
    case 'pre':
      return codeText(element);
    case 'tr':
      return cellsOf(element, depth).join(' | ');
    default:
      return textOf(childrenOf(element), depth);
  }
}

/** One text an item, nested lists indented below it. */
export function itemsOf(list: Element, depth = 0): string[] {
  let number = Number(attribute(list, 'start') ?? 1) || 1;
  const items: string[] = [];
  for (const child of list.childNodes) {
    if (isElement(child) && isDropped(child)) continue;
    const text = textOf(isElement(child) && isItem(child) ? childrenOf(child) : [child], depth + 1);
    if (text === '') continue;
    const tag = isElement(child) ? child.tagName : '';
    if (tag === 'dt') items.push(text);
    else if (tag === 'dd') items.push(indented('  ', text));
    else items.push(indented(list.tagName === 'ol' ? `${number++}. ` : '- ', text));
  }
  return items;
}

function isItem(element: Element): boolean {
  return element.tagName === 'li' || element.tagName === 'dt' || element.tagName === 'dd';
}

function indented(bullet: string, text: string): string {
  return bullet + text.replaceAll('\n', `\n${' '.repeat(bullet.length)}`);
}

/** Lines as they are, without an empty one at the ends. */
export function codeText(element: Element): string {
  return rawText(element).replace(/^\n+/, '').trimEnd();
}

export function cellsOf(row: Element, depth = 0): string[] {
  return row.childNodes
    .filter((cell): cell is Element => isElement(cell) && (cell.tagName === 'td' || cell.tagName === 'th'))
    .map((cell) =>
      textOf(childrenOf(cell), depth + 1)
        .replace(/\s*\n\s*/g, ' ')
        .replaceAll('|', '\\|'),
    );
}
