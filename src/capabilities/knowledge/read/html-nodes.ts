import type { DefaultTreeAdapterTypes } from 'parse5';

export type Node = DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.ParentNode;
export type Element = DefaultTreeAdapterTypes.Element;

/** Deeper than any page is nested; what is below counts as plain text, so that walking it needs no more stack. */
export const maxDepth = 200;

const unseen = new Set(
  'script style template noscript svg math iframe object embed canvas audio video map head title link meta base button select input textarea datalist progress meter dialog'.split(
    ' ',
  ),
);
const around = new Set(['navigation', 'banner', 'contentinfo', 'search', 'menu', 'menubar', 'toolbar']);
const blocks = new Set(
  'address article aside blockquote body caption center details dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main ol p pre section summary table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);

export function isElement(node: Node): node is Element {
  return 'tagName' in node;
}

export function isBlock(element: Element): boolean {
  return blocks.has(element.tagName);
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name === name)?.value;
}

export function childrenOf(node: Node): Node[] {
  return 'childNodes' in node ? node.childNodes : [];
}

/** Not content: scripts, what surrounds it on every page, and what a reader of the page does not see. */
export function isDropped(element: Element): boolean {
  const { tagName } = element;
  if (unseen.has(tagName) || tagName === 'nav') return true;
  if (element.attrs.length === 0) return false;
  if (around.has(attribute(element, 'role') ?? '')) return true;
  if (attribute(element, 'hidden') !== undefined || attribute(element, 'aria-hidden') === 'true') return true;
  const style = attribute(element, 'style');
  return (
    style !== undefined &&
    /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(px|pt|em|rem|%)?\s*(;|$)|opacity\s*:\s*0(\.0+)?\s*(;|$)/i.test(
      style,
    )
  );
}

/** The first that fits, in the document's order. */
export function find(root: Node, fits: (element: Element) => boolean): Element | undefined {
  for (const element of elementsIn(root)) if (fits(element)) return element;
  return undefined;
}

/** Every element below, in order; without recursion, since depth is the page's to choose. */
export function* elementsIn(root: Node): Generator<Element> {
  const open: Node[] = childrenOf(root).toReversed();
  for (let node = open.pop(); node; node = open.pop()) {
    if (isElement(node)) yield node;
    const children = childrenOf(node);
    for (let at = children.length - 1; at >= 0; at--) open.push(children[at] as Node);
  }
}

/** All text below, whatever it is nested in. */
export function rawText(root: Node): string {
  const texts: string[] = [];
  const open: Node[] = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    if ('value' in node) texts.push(node.value);
    if (isElement(node) && isDropped(node)) continue;
    const children = childrenOf(node);
    for (let at = children.length - 1; at >= 0; at--) open.push(children[at] as Node);
  }
  return texts.join('');
}
