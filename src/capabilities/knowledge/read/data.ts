import { JsonFault } from '../../../kernel/json.ts';
import { type Block, estimateTokens, type Part, type Section, sectionIn, usualChunks, whole } from '../chunk/index.ts';
import type { Content } from './content.ts';
import { type DataNode, type DataTree, jsonTree, yamlTree } from './data-tree.ts';
import { createLines, type Lines } from './lines.ts';
import { isOpenApi, readOpenApi } from './openapi.ts';
import { readText } from './text.ts';

/** JSON or YAML by its keys: what fits stays whole, what does not is opened, its keys as headings. */
export function readData(text: string, kind: 'json' | 'yaml', name: string, target = usualChunks.target): Content {
  const tree = kind === 'json' ? jsonOrLines(text) : yamlTree(text);
  if (tree === undefined) {
    const what = kind === 'json' ? 'JSON' : 'YAML';
    return {
      ...readText(text, ''),
      kind,
      title: undefined,
      warnings: [`not well-formed ${what}, or too much of it: read as plain text`],
    };
  }
  const lines = createLines(text);
  const api = apiOf(tree);
  if (api && tree.roots[0]) return readOpenApi(api, tree.roots[0], lines);
  const blocks: Block[] = [];
  const several = tree.roots.length > 1;
  // Records of JSON Lines, or documents of YAML: each begins something of its own.
  if (several && kind === 'json') addMembers({ text, lines, blocks, target }, tree.roots, whole);
  else for (const root of tree.roots) addNode({ text, lines, blocks, target }, root, whole);
  return { kind, title: titleOf(tree, name), blocks };
}

function jsonOrLines(text: string): DataTree | undefined {
  try {
    return jsonTree(text);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return jsonLines(text) ?? (text.length < 1024 * 1024 ? yamlTree(text) : undefined); // comments, as in tsconfig.json
  }
}

function jsonLines(text: string): DataTree | undefined {
  const roots: DataNode[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    if (line.trim() !== '') {
      try {
        const [root] = jsonTree(line).roots;
        if (root) roots.push(moved(root, start, String(roots.length)));
      } catch {
        return undefined;
      }
    }
    start += line.length + 1;
  }
  return roots.length > 1 ? { roots, value: () => undefined } : undefined;
}

function moved(node: DataNode, by: number, key = node.key): DataNode {
  return {
    key,
    at: node.at + by,
    start: node.start + by,
    end: node.end + by,
    children: node.children.map((each) => moved(each, by)),
  };
}

function apiOf(tree: DataTree): Record<string, unknown> | undefined {
  try {
    const value = tree.value();
    return isOpenApi(value) ? value : undefined;
  } catch {
    return undefined; // aliases that would fill the memory
  }
}

function titleOf({ roots }: DataTree, name: string): string | undefined {
  return roots.length === 1 && /(^|[/\\])package\.json$/.test(name) ? name : undefined;
}

interface Walk {
  text: string;
  lines: Lines;
  blocks: Block[];
  target: number;
}

function addNode(walk: Walk, node: DataNode, section: Section): void {
  const part = partOf(walk, node);
  if (part.text.trim() === '') return;
  if (node.children.length === 0 || estimateTokens(part.text) <= walk.target) addParts(walk, [part], section);
  else addMembers(walk, node.children, section);
}

/** Members that fit, several in a block; each that does not, opened. */
function addMembers(walk: Walk, members: readonly DataNode[], section: Section): void {
  let open: Part[] = [];
  for (const member of members) {
    const part = partOf(walk, member);
    if (member.children.length === 0 || estimateTokens(part.text) <= walk.target) {
      open.push(part);
      continue;
    }
    addParts(walk, open, section);
    open = [];
    const inner = sectionIn(section, member.key ?? '');
    addOpening(walk, member, inner);
    addMembers(walk, member.children, inner);
  }
  addParts(walk, open, section);
}

/** What stands before the first member besides the key, which is a heading: a comment, an anchor. */
function addOpening(walk: Walk, node: DataNode, section: Section): void {
  const end = node.children[0]?.start ?? node.end;
  const said = walk.text.slice(node.start, end);
  if (said.replace(node.key ?? '', '').replace(/[\s:{}[\],"'|-]/g, '') !== '')
    addParts(walk, [partOf(walk, { ...node, end })], section);
}

function addParts({ blocks }: Walk, parts: readonly Part[], section: Section): void {
  const [first] = parts;
  const last = parts.at(-1);
  if (!first || !last) return;
  const place = { line: first.line, endLine: last.endLine };
  blocks.push({ section, kind: 'record', text: parts.map(({ text }) => text).join('\n'), place, parts });
}

/** Its lines as they stand, with their indentation where nothing else stands before it. */
function partOf({ text, lines }: Walk, { start, end }: DataNode): Part {
  const raw = text.slice(start, end);
  const first = start + (raw.length - raw.trimStart().length);
  const last = start + Math.max(0, raw.trimEnd().length - 1);
  const line = lines.lineAt(first);
  const from = lines.startOf(line);
  const shown = text.slice(text.slice(from, first).trim() === '' ? from : first, last + 1);
  return { text: shown, line, endLine: Math.max(line, lines.lineAt(last)) };
}
