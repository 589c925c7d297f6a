import type treeSitter from '@vscode/tree-sitter-wasm';
import type { Grammar } from './grammars.ts';

export type SyntaxNode = InstanceType<typeof treeSitter.Node>;

interface NamedNode {
  node: SyntaxNode;
  /** With what is written around it: `export`, decorators, a template's parameters. */
  outer: SyntaxNode;
}

/** Symbols may stand in these, which have no name of their own. */
const transparent = new Set([
  'ERROR',
  'ambient_declaration',
  'const_declaration',
  'declaration_list',
  'decorated_definition',
  'export_statement',
  'expression_statement',
  'file_scoped_namespace_declaration',
  'lexical_declaration',
  'linkage_specification',
  'preproc_elif',
  'preproc_else',
  'preproc_if',
  'preproc_ifdef',
  'template_declaration',
  'type_declaration',
  'var_declaration',
  'variable_declaration',
]);
/** Of these the wrapper is one thing with what it wraps. */
const wrapping = new Set([
  'ambient_declaration',
  'const_declaration',
  'decorated_definition',
  'export_statement',
  'expression_statement',
  'lexical_declaration',
  'template_declaration',
  'type_declaration',
  'variable_declaration',
]);
const before = new Set([
  'comment',
  'line_comment',
  'block_comment',
  'attribute_item',
  'decorator',
  'attribute_list',
  'template_parameter_list',
]);
const maxDepth = 60;

/** The symbols right below a node, in order. */
export function symbolsIn(parent: SyntaxNode, grammar: Grammar, depth = 0): NamedNode[] {
  if (depth > maxDepth) return [];
  return parent.namedChildren.flatMap((child): NamedNode[] => {
    if (!child) return [];
    if (isSymbol(child, grammar)) return [{ node: child, outer: child }];
    if (!transparent.has(child.type)) return [];
    const inner = symbolsIn(child, grammar, depth + 1);
    const [only, ...others] = inner;
    return only && others.length === 0 && wrapping.has(child.type) ? [{ node: only.node, outer: child }] : inner;
  });
}

function isSymbol(node: SyntaxNode, { symbols }: Grammar): boolean {
  if (!Object.hasOwn(symbols, node.type)) return false;
  // A constant is a symbol of its own where it holds something large: a function, a table.
  if (node.type === 'variable_declarator') return node.childForFieldName('value') !== null;
  // In C, `struct point *p` names a type that is defined elsewhere.
  if (node.type.endsWith('_specifier')) return node.childForFieldName('body') !== null;
  return true;
}

/** First line of the comments and attributes that stand directly above, not before `floor`. */
export function attachedFrom(node: SyntaxNode, floor: number): number {
  let row = node.startPosition.row;
  for (let above = node.previousNamedSibling; above && before.has(above.type); above = above.previousNamedSibling) {
    const end = above.endPosition.row - (above.endPosition.column === 0 ? 1 : 0);
    if (end < row - 1 || above.startPosition.row < floor) break;
    row = Math.min(row, above.startPosition.row);
  }
  return row;
}

/** Where the members of a symbol are, if it has any. */
export function bodyOf(node: SyntaxNode, grammar: Grammar): SyntaxNode | undefined {
  const places = [
    node.childForFieldName('body'),
    node.childForFieldName('value'),
    node.childForFieldName('type'),
    ...node.namedChildren,
  ];
  for (const place of places) {
    if (!place) continue;
    const body = place.childForFieldName('body') ?? place;
    // What a function declares inside of itself is its own affair.
    if (
      /block$|compound_statement|arrow_function|function_expression/.test(body.type) &&
      !/class|module|namespace/.test(node.type)
    )
      continue;
    if (symbolsIn(body, grammar).length > 0) return body;
  }
  return undefined;
}

const maxNameLength = 120;

/** The word of its kind and its name: `class Foo`. */
export function nameOf(node: SyntaxNode, grammar: Grammar): string | undefined {
  const word = grammar.symbols[node.type] ?? '';
  const name = ownName(node)?.replace(/\s+/g, ' ').trim();
  if (!name) return undefined;
  const said = word.endsWith('.') ? `${word}${name}` : `${word} ${name}`;
  return said.slice(0, maxNameLength);
}

function ownName(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case 'impl_item': {
      const [trait, type] = [node.childForFieldName('trait')?.text, node.childForFieldName('type')?.text];
      return trait === undefined ? type : `${trait} for ${type}`;
    }
    case 'method_declaration': {
      const receiver = node.childForFieldName('receiver')?.text;
      const name = node.childForFieldName('name')?.text;
      // Of Go: (s *Server) Serve
      return receiver === undefined ? name : `${/([\w.]+)(\[[^\]]*\])?\s*\)$/.exec(receiver)?.[1] ?? ''}.${name}`;
    }
    case 'function_definition':
    case 'type_definition': {
      const name = node.childForFieldName('name')?.text;
      return name ?? declared(node.childForFieldName('declarator'));
    }
    case 'module':
      return node.childForFieldName('name')?.text.replace(/^['"]|['"]$/g, '');
    default:
      return node.childForFieldName('name')?.text;
  }
}

/** In C the name stands inside of pointers, parameters and brackets. */
function declared(declarator: SyntaxNode | null): string | undefined {
  let at = declarator;
  for (let depth = 0; at && depth < maxDepth; depth++) {
    const inner: SyntaxNode | null = at.childForFieldName('declarator');
    if (!inner) break;
    at = inner;
  }
  return at?.text;
}
