import { isCollection, isMap, isPair, isScalar, type Node, type Pair, parseAllDocuments } from 'yaml';
import { parseJson } from '../../../kernel/json.ts';

/** A value of a JSON or YAML text, and where it stands there. */
export interface DataNode {
  /** Its key or, in an array, its position; undefined at the root. */
  key: string | undefined;
  /** Where its key or, in an array, its value begins. */
  at: number;
  /** With what stands above it: a comment. */
  start: number;
  end: number;
  children: DataNode[];
}

export interface DataTree {
  roots: DataNode[];
  /** The value itself, aliases resolved; throws for what grows too large. */
  value(): unknown;
}

const maxDepth = 512;
const maxJsonLength = 128 * 1024 * 1024;
/** The YAML parser holds a hundred times the text in memory. */
const maxYamlLength = 4 * 1024 * 1024;
const maxAliases = 1000;

/** Throws `JsonFault`. */
export function jsonTree(text: string): DataTree {
  const value = parseJson(text, { maxLength: maxJsonLength, maxDepth });
  return { roots: [scan(text)], value: () => value };
}

/** Undefined for a text that is no YAML, or too much of it. */
export function yamlTree(text: string): DataTree | undefined {
  if (text.length > maxYamlLength || nestsDeeply(text)) return undefined;
  const documents = parseAllDocuments(text, { logLevel: 'silent', keepSourceTokens: false });
  if (documents.length === 0 || documents.some((each) => each.errors.length > 0)) return undefined;
  let end = 0;
  const roots = documents.map((document, at) => {
    const start = end;
    end = documents[at + 1] ? (document.range[2] ?? text.length) : text.length;
    return { key: undefined, at: start, start, end, children: childrenOf(text, document.contents, start, end, 0) };
  });
  return { roots, value: () => documents[0]?.toJS({ maxAliasCount: maxAliases }) };
}

/** Flow collections are read with the stack; block ones are as deep as they are indented. */
function nestsDeeply(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if ((code === 0x5d || code === 0x7d) && depth > 0) depth--;
  }
  return /^ {1024}|^(- ){256}|^(\? ){256}/m.test(text);
}

function childrenOf(text: string, node: Node | null, start: number, end: number, depth: number): DataNode[] {
  if (!isCollection(node) || depth > maxDepth) return [];
  const known: { item: Node | Pair<Node, Node | null>; at: number }[] = [];
  for (const item of node.items as (Node | Pair<Node, Node | null>)[]) {
    const at = (isPair(item) ? item.key : item)?.range?.[0];
    if (at !== undefined && at >= start) known.push({ item, at: isPair(item) ? at : dashBefore(text, at) });
  }
  return known.map(({ item, at }, index) => {
    const from = index === 0 ? start : at; // with what stands above the first
    const to = known[index + 1]?.at ?? end;
    if (!isPair(item))
      return { key: String(index), at, start: from, end: to, children: childrenOf(text, item, at, to, depth + 1) };
    const colon = text.indexOf(':', item.key.range?.[1] ?? at);
    const inside = colon < 0 || colon >= to ? at : colon + 1;
    return {
      key: keyOf(item.key),
      at,
      start: from,
      end: to,
      children: childrenOf(text, item.value, inside, to, depth + 1),
    };
  });
}

/** An item of a block sequence begins with its dash. */
function dashBefore(text: string, at: number): number {
  let dash = at - 1;
  while (dash >= 0 && (text[dash] === ' ' || text[dash] === '\t')) dash--;
  return text[dash] === '-' ? dash : at;
}

function keyOf(key: unknown): string {
  if (isScalar(key)) return String(key.value);
  return isMap(key) ? '{}' : '?';
}

/** The places of values in a text that is known to be JSON. */
function scan(text: string): DataNode {
  let at = 0;
  const skip = () => {
    while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  };
  const string = () => {
    const start = at++;
    while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
    at++;
    return text.slice(start, at);
  };
  const value = (key: string | undefined, start: number): DataNode => {
    skip();
    const children: DataNode[] = [];
    const first = text[at];
    if (first === '{' || first === '[') {
      at++;
      for (skip(); text[at] !== '}' && text[at] !== ']'; skip()) {
        const from = at;
        let name = String(children.length);
        if (first === '{') {
          name = unquoted(string());
          skip();
          at++; // the colon
        }
        children.push(value(name, from));
        skip();
        if (text[at] === ',') at++;
      }
      at++;
    } else if (first === '"') string();
    else while (at < text.length && !/[\s,\]}]/.test(text[at] ?? '')) at++;
    return { key, at: start, start, end: at, children };
  };
  skip();
  return value(undefined, at);
}

function unquoted(literal: string): string {
  return literal.includes('\\') ? String(parseJson(literal)) : literal.slice(1, -1);
}
