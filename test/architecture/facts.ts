import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';

/** Things that only some rooms of the house may do. */
export type UseKind =
  | 'sql'
  | 'environment'
  | 'fetch'
  | 'json parse'
  | 'export all'
  | 'module state'
  | 'singleton'
  | 'side effect';

export interface Use {
  kind: UseKind;
  line: number;
  what: string;
}

export interface Import {
  specifier: string;
  line: number;
  /** Path from the root of the repository, for relative imports. */
  target?: string;
  names: string[];
}

/** All that the rules want to know of one file. */
export interface ModuleFacts {
  path: string;
  lines: number;
  firstLine: string;
  imports: Import[];
  uses: Use[];
}

interface Node {
  type: string;
  start: number;
  [key: string]: unknown;
}

const kyselyMethods = new Set([
  'selectFrom',
  'insertInto',
  'updateTable',
  'deleteFrom',
  'mergeInto',
  'executeTakeFirst',
  'executeTakeFirstOrThrow',
]);
const databaseNames = /^(pool|client|connection|conn|db|database|trx|pg)$/;
const sqlText =
  /^\s*(select\s[\s\S]+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|(create|alter|drop)\s+(table|index|unique)\b)/i;

/** @param path from the root of the repository, with forward slashes */
export function factsOf(path: string, text: string): ModuleFacts {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message}`);
  const lineOf = lineCounter(text);
  const imports: Import[] = [];
  const uses: Use[] = [];
  const bound = new Set<string>();
  const fetchUses: Use[] = [];

  const addImport = (source: unknown, line: number, names: string[] = []) => {
    const specifier = literal(source);
    if (specifier === undefined) return;
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
    imports.push({ specifier, line, names, ...(target === undefined ? {} : { target }) });
  };

  walk(program as unknown as Node, [], (node, parents) => {
    const line = lineOf(node.start);
    const use = (kind: UseKind, what: string) => uses.push({ kind, line, what });
    switch (node.type) {
      case 'ImportDeclaration': {
        const specifiers = node.specifiers as Node[];
        for (const each of specifiers) bound.add(nameOf(each.local) ?? '');
        if (specifiers.length === 0 && node.importKind !== 'type') use('side effect', 'an import without names');
        addImport(
          node.source,
          line,
          specifiers.map((each) => nameOf(each.imported) ?? '*'),
        );
        break;
      }
      case 'ExportNamedDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        addImport(node.source ?? node.argument, line);
        break;
      case 'ExportAllDeclaration':
        use('export all', 'export *');
        addImport(node.source, line);
        break;
      case 'TaggedTemplateExpression': {
        const tag = node.tag as Node;
        if (nameOf(tag) === 'sql' || (tag.type === 'MemberExpression' && nameOf(tag.object) === 'sql'))
          use('sql', 'sql`...`');
        break;
      }
      case 'Literal':
      case 'TemplateElement': {
        const value = node.type === 'Literal' ? node.value : (node.value as { raw: string }).raw;
        if (typeof value === 'string' && sqlText.test(value)) use('sql', 'SQL text');
        break;
      }
      case 'CallExpression': {
        const callee = node.callee as Node;
        if (callee.type !== 'MemberExpression') break;
        const method = nameOf(callee.property) ?? '';
        const owner = lastName(callee.object);
        if (kyselyMethods.has(method)) use('sql', `.${method}()`);
        if (method === 'query' && databaseNames.test(owner)) use('sql', `${owner}.query()`);
        if (method === 'parse' && owner === 'JSON') use('json parse', 'JSON.parse()');
        break;
      }
      case 'NewExpression': {
        const made = nameOf(node.callee);
        if (made === 'WebSocket' || made === 'EventSource' || made === 'XMLHttpRequest') use('fetch', `new ${made}()`);
        break;
      }
      case 'MemberExpression': {
        const property = nameOf(node.property) ?? literal(node.property);
        if (property === 'env' && lastName(node.object) === 'process') use('environment', 'process.env');
        if (property === 'fetch' && nameOf(node.object) === 'globalThis') use('fetch', 'globalThis.fetch');
        break;
      }
      case 'VariableDeclarator': {
        const pattern = node.id as Node;
        const takesEnv =
          pattern.type === 'ObjectPattern' && nameOf(node.init) === 'process' && keysOf(pattern).includes('env');
        if (takesEnv) use('environment', 'process.env');
        for (const name of boundNames(pattern)) bound.add(name);
        break;
      }
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        bound.add(nameOf(node.id) ?? '');
        for (const param of node.params as Node[]) for (const name of boundNames(param)) bound.add(name);
        break;
      case 'Identifier':
        if (node.name === 'fetch' && isReference(node, parents)) fetchUses.push({ kind: 'fetch', line, what: 'fetch' });
        break;
    }
  });

  // A `fetch` that was handed in is somebody's port; only the global one goes out unguarded.
  if (!bound.has('fetch')) uses.push(...fetchUses);
  for (const found of imports) {
    if (/^(node:)?process$/.test(found.specifier) && found.names.includes('env')) {
      uses.push({ kind: 'environment', line: found.line, what: 'env of node:process' });
    }
  }
  for (const statement of (program as unknown as { body: Node[] }).body) {
    uses.push(...topLevelUses(statement, lineOf(statement.start)));
  }
  const lines = text.split('\n');
  return { path, lines: lines.length - (lines.at(-1) === '' ? 1 : 0), firstLine: lines[0] ?? '', imports, uses };
}

/** What a module does by merely being imported. */
function topLevelUses(statement: Node, line: number): Use[] {
  const inner = (statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement) as Node | null;
  if (inner?.type === 'ExpressionStatement') {
    const { type } = inner.expression as Node;
    return type === 'Literal' ? [] : [{ kind: 'side effect', line, what: 'a statement that runs at import' }];
  }
  if (inner?.type !== 'VariableDeclaration') return [];
  if (inner.declare === true) return [];
  if (inner.kind !== 'const') return [{ kind: 'module state', line, what: `a module's ${inner.kind}` }];
  return (inner.declarations as Node[]).flatMap(({ init }): Use[] => {
    const value = init as Node | null;
    if (value?.type === 'NewExpression') {
      const made = nameOf(value.callee) ?? '';
      const empty = (value.arguments as Node[]).length === 0;
      return empty && /^(Map|Set)$/.test(made) ? [{ kind: 'module state', line, what: `an empty ${made}` }] : [];
    }
    const called = value?.type === 'CallExpression' ? (nameOf(value.callee) ?? '') : '';
    return /^create[A-Z]/.test(called) && called !== 'createRequire'
      ? [{ kind: 'singleton', line, what: `${called}() at import` }]
      : [];
  });
}

function walk(node: Node, parents: Node[], visit: (node: Node, parents: Node[]) => void): void {
  visit(node, parents);
  const path = [...parents, node];
  for (const [key, value] of Object.entries(node)) {
    if (key === 'type' || key === 'start' || key === 'end') continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, path, visit);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** Whether an identifier stands for a value rather than naming a property, a parameter or a type's member. */
function isReference(node: Node, parents: Node[]): boolean {
  const parent = parents.at(-1);
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed === true;
  if (parent.type === 'Property') return parent.value === node && parents.at(-2)?.type !== 'ObjectPattern';
  if (parent.type.startsWith('TS') || parent.type.includes('Specifier')) return false;
  return !['MethodDefinition', 'PropertyDefinition', 'LabeledStatement'].includes(parent.type) || parent.value === node;
}

function boundNames(pattern: Node | null | undefined): string[] {
  if (!isNode(pattern)) return [];
  switch (pattern.type) {
    case 'Identifier':
      return [nameOf(pattern) ?? ''];
    case 'ObjectPattern':
      return (pattern.properties as Node[]).flatMap((each) => boundNames((each.value ?? each.argument) as Node));
    case 'ArrayPattern':
      return (pattern.elements as (Node | null)[]).flatMap(boundNames);
    case 'AssignmentPattern':
      return boundNames(pattern.left as Node);
    case 'RestElement':
      return boundNames(pattern.argument as Node);
    default:
      return [];
  }
}

function keysOf(pattern: Node): (string | undefined)[] {
  return (pattern.properties as Node[]).map((each) => nameOf(each.key));
}

function nameOf(node: unknown): string | undefined {
  return isNode(node) && typeof node.name === 'string' ? node.name : undefined;
}

/** `pool` of `this.deps.pool`, `db` of `db`. */
function lastName(node: unknown): string {
  if (!isNode(node)) return '';
  return (node.type === 'MemberExpression' ? nameOf(node.property) : nameOf(node)) ?? '';
}

function literal(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'TSLiteralType') return literal(node.literal);
  return typeof node.value === 'string' ? node.value : undefined;
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
