/** How the grammar of a language calls what has a name of its own. */
export interface Grammar {
  /** The file of `@vscode/tree-sitter-wasm`. */
  file: string;
  /** Node type -> the word before its name in headings. */
  symbols: Record<string, string>;
}

export type CodeLanguage = keyof typeof grammars;

const typescript: Record<string, string> = {
  function_declaration: 'function',
  generator_function_declaration: 'function',
  function_signature: 'function',
  class_declaration: 'class',
  abstract_class_declaration: 'class',
  interface_declaration: 'interface',
  type_alias_declaration: 'type',
  enum_declaration: 'enum',
  internal_module: 'namespace',
  module: 'module',
  method_definition: 'method',
  method_signature: 'method',
  abstract_method_signature: 'method',
  public_field_definition: 'field',
  property_signature: 'field',
  variable_declarator: 'const',
};

export const grammars = {
  typescript: { file: 'typescript', symbols: typescript },
  tsx: { file: 'tsx', symbols: typescript },
  javascript: {
    file: 'javascript',
    symbols: {
      function_declaration: 'function',
      generator_function_declaration: 'function',
      class_declaration: 'class',
      method_definition: 'method',
      field_definition: 'field',
      variable_declarator: 'const',
    },
  },
  python: { file: 'python', symbols: { function_definition: 'def', class_definition: 'class' } },
  go: {
    file: 'go',
    symbols: { function_declaration: 'func', method_declaration: 'method', type_spec: 'type', type_alias: 'type' },
  },
  rust: {
    file: 'rust',
    symbols: {
      function_item: 'fn',
      function_signature_item: 'fn',
      struct_item: 'struct',
      enum_item: 'enum',
      union_item: 'union',
      trait_item: 'trait',
      impl_item: 'impl',
      mod_item: 'mod',
      type_item: 'type',
      const_item: 'const',
      static_item: 'static',
      macro_definition: 'macro',
    },
  },
  java: {
    file: 'java',
    symbols: {
      class_declaration: 'class',
      interface_declaration: 'interface',
      enum_declaration: 'enum',
      record_declaration: 'record',
      annotation_type_declaration: 'annotation',
      method_declaration: 'method',
      constructor_declaration: 'constructor',
    },
  },
  // C is read by the grammar of C++, which knows nearly all of it.
  cpp: {
    file: 'cpp',
    symbols: {
      function_definition: 'function',
      class_specifier: 'class',
      struct_specifier: 'struct',
      union_specifier: 'union',
      enum_specifier: 'enum',
      namespace_definition: 'namespace',
      type_definition: 'typedef',
      preproc_function_def: 'macro',
    },
  },
  csharp: {
    file: 'c-sharp',
    symbols: {
      namespace_declaration: 'namespace',
      class_declaration: 'class',
      struct_declaration: 'struct',
      interface_declaration: 'interface',
      record_declaration: 'record',
      enum_declaration: 'enum',
      delegate_declaration: 'delegate',
      method_declaration: 'method',
      constructor_declaration: 'constructor',
      property_declaration: 'property',
    },
  },
  ruby: { file: 'ruby', symbols: { module: 'module', class: 'class', method: 'def', singleton_method: 'def self.' } },
  php: {
    file: 'php',
    symbols: {
      namespace_definition: 'namespace',
      class_declaration: 'class',
      interface_declaration: 'interface',
      trait_declaration: 'trait',
      enum_declaration: 'enum',
      function_definition: 'function',
      method_declaration: 'method',
    },
  },
  bash: { file: 'bash', symbols: { function_definition: 'function' } },
} satisfies Record<string, Grammar>;

const endings: Record<string, CodeLanguage> = {
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'tsx',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  py: 'python',
  pyi: 'python',
  pyw: 'python',
  go: 'go',
  rs: 'rust',
  java: 'java',
  c: 'cpp',
  h: 'cpp',
  cc: 'cpp',
  cpp: 'cpp',
  cxx: 'cpp',
  hh: 'cpp',
  hpp: 'cpp',
  hxx: 'cpp',
  cs: 'csharp',
  rb: 'ruby',
  rake: 'ruby',
  gemspec: 'ruby',
  php: 'php',
  sh: 'bash',
  bash: 'bash',
  zsh: 'bash',
};

export function languageOfName(name: string): CodeLanguage | undefined {
  if (/(^|[/\\])(Rakefile|Gemfile|Vagrantfile)$/.test(name)) return 'ruby';
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(endings, ending) ? endings[ending] : undefined;
}

const interpreters: [RegExp, CodeLanguage][] = [
  [/\bpython[\d.]*\b/, 'python'],
  [/\b(node|deno|bun)\b/, 'javascript'],
  [/\bruby\b/, 'ruby'],
  [/\bphp\b/, 'php'],
  [/\b(ba|z|da|k)?sh\b/, 'bash'],
];

export function languageOfShebang(start: string): CodeLanguage | undefined {
  const line = /^#!(.*)/.exec(start)?.[1];
  return line === undefined ? undefined : interpreters.find(([program]) => program.test(line))?.[1];
}
