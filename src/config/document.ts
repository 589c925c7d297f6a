import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { isObject } from '../kernel/json.ts';
import { type Fault, type Path, shortKey } from './faults.ts';

export const maxFileBytes = 1024 * 1024;
const maxAliases = 100;

export interface ConfigDocument {
  value: Record<string, unknown>;
  faults: Fault[];
  /** 1-based line of a key, or of the nearest parent that has one. */
  lineOf(path: Path): number | undefined;
}

/** Parses YAML 1.2. What cannot be parsed is a fault; the value then holds nothing. */
export function parseConfig(text: string): ConfigDocument {
  const nothing = (faults: Fault[]): ConfigDocument => ({ value: {}, faults, lineOf: () => undefined });
  if (Buffer.byteLength(text) > maxFileBytes)
    return nothing([{ path: [], text: `is larger than ${maxFileBytes} bytes` }]);
  const lines = new LineCounter();
  let document: ReturnType<typeof parseDocument>;
  let value: unknown;
  try {
    // Pretty errors quote the line at fault, and with it whatever secret stands there.
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2' });
    const faults = firstOfEachLine(document.errors.map((error) => yamlFault(error, lines, text)));
    if (faults.length > 0) return nothing(faults);
    value = document.toJS({ maxAliasCount: maxAliases }) ?? {};
  } catch (error) {
    const reason =
      error instanceof ReferenceError ? 'has aliases without an anchor, or too many of them' : 'is nested too deeply';
    return nothing([{ path: [], text: reason }]);
  }
  if (!isObject(value)) return nothing([{ path: [], line: 1, text: 'must be a mapping of keys to values' }]);
  const faults: Fault[] = [];
  const lineOf = (path: Path) => findLine(document.contents, path, lines);
  for (const path of forbiddenKeys(value, []))
    faults.push({ path, line: lineOf(path), text: 'is not allowed as a key' });
  for (const warning of document.warnings) faults.push(yamlFault(warning, lines, text));
  return { value: withoutEmpty(value), faults, lineOf };
}

/** A section whose every line is commented out says nothing: it is not a fault. */
function withoutEmpty(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
}

const yamlTexts: Record<string, string> = {
  DUPLICATE_KEY: 'the key stands there already',
  BAD_INDENT: 'the indentation is wrong',
  TAB_AS_INDENT: 'a tab indents; YAML wants spaces',
  MISSING_CHAR: 'a character is missing, such as a colon, a quote or a bracket',
  MULTIPLE_DOCS: 'there is more than one document in the file',
  TAG_RESOLVE_FAILED: 'a tag (!...) is not known here',
  BAD_ALIAS: 'an alias is not valid',
};

// The library's own messages quote parts of the text, so only their codes are used.
function yamlFault(error: YAMLError, lines: LineCounter, text: string): Fault {
  const { line } = lines.linePos(error.pos[0]);
  const known = yamlTexts[error.code];
  const hint = text.split('\n', line)[line - 1]?.includes('${') ? '; inside [] and {}, a reference needs quotes' : '';
  return { path: [], line, text: `${known ?? 'this is not valid YAML'}${hint}` };
}

// After the first mistake of a text the parser is out of step: the rest is noise.
function firstOfEachLine(faults: readonly Fault[]): Fault[] {
  const lines = new Set<number | undefined>();
  return faults.filter(({ line }) => !lines.has(line) && lines.size < 5 && lines.add(line));
}

function findLine(contents: unknown, path: Path, lines: LineCounter): number | undefined {
  let node = contents;
  let offset: number | undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (!pair) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (typeof step === 'number' && isNode(node) && 'items' in node) {
      node = (node.items as unknown[])[step];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

function* forbiddenKeys(value: unknown, path: Path): Generator<Path> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* forbiddenKeys(item, [...path, index]);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (key === '__proto__') yield [...path, shortKey(key)];
      else yield* forbiddenKeys(value[key], [...path, key]);
    }
  }
}
