import { evaluation } from './evaluation.ts';
import { type NewServer, shortName } from './newserver.ts';
import { serverSource, toolSource, toolTest } from './sources.ts';

/** The newest schema of the official registry that this is written by. */
const schema = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json';

/** The files of a new MCP server in TypeScript, by path. */
export function skeletonFiles(server: NewServer): Record<string, string> {
  return {
    'package.json': json(packageOf(server)),
    'server.json': json(serverJsonOf(server)),
    'tsconfig.json': json(tsconfig),
    '.gitignore': 'node_modules/\ndist/\n',
    'src/server.ts': serverSource(server),
    'src/count-words.ts': toolSource,
    'src/count-words.test.ts': toolTest,
    'README.md': readme(server),
    'EVALUATION.md': evaluation(server),
  };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function packageOf(server: NewServer) {
  return {
    name: shortName(server),
    version: '0.1.0',
    description: server.description,
    license: server.licence,
    type: 'module',
    mcpName: server.name,
    bin: { [shortName(server)]: 'dist/server.js' },
    files: ['dist'],
    engines: { node: '>=24' },
    scripts: {
      start: 'node src/server.ts',
      test: 'node --test',
      build: 'tsc',
      prepack: 'npm run build',
    },
    dependencies: server.dependencies,
    devDependencies: server.devDependencies,
  };
}

function serverJsonOf(server: NewServer) {
  return {
    $schema: schema,
    name: server.name,
    title: server.title,
    description: server.description,
    version: '0.1.0',
    packages: [
      {
        registryType: 'npm',
        identifier: shortName(server),
        version: '0.1.0',
        transport: { type: 'stdio' },
        environmentVariables: [
          {
            name: 'MAX_CHARACTERS',
            description: 'Longest text that is counted',
            format: 'number',
            default: '100000',
          },
        ],
      },
    ],
  };
}

const tsconfig = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    rootDir: 'src',
    outDir: 'dist',
  },
  include: ['src'],
  exclude: ['src/**/*.test.ts'],
};

function readme(server: NewServer): string {
  const short = shortName(server);
  return `# ${server.title}

${server.description}

An MCP server over stdio, in TypeScript on the official SDK. It begins with one tool, \`count_words\`, to be replaced.

\`\`\`sh
npm install
npm test
npm start        # serves on standard input and output; Node 24 runs the TypeScript as it is
npm run build    # dist/, what is published
\`\`\`

| file | |
| --- | --- |
| \`src/server.ts\` | which tools there are |
| \`src/count-words.ts\` | one tool: what models read of it, and what it does |
| \`server.json\` | what MCP registries and their clients read: how it is run and what it asks for |
| \`EVALUATION.md\` | what a team must know before it lets agents use it |

## Behind Fairlead

While you work on it:

\`\`\`sh
fairlead upstreams add ${toolset(short)} -- node "$PWD/src/server.ts"
fairlead tools review ${toolset(short)}
\`\`\`

Once its package is published, others add it by its server.json:

\`\`\`sh
fairlead catalog show ${server.name} --registry ./server.json
fairlead catalog add ${server.name} --registry ./server.json
\`\`\`

## Before it is published

- A tool's name begins with a verb. Its description says what it returns, when to use it and when not to.
- Annotations are true: \`readOnlyHint\` only where nothing changes.
- Each variable stands in \`server.json\`, secrets with \`"isSecret": true\`. No secret is an argument of the program.
- \`version\` is the same in \`package.json\` and twice in \`server.json\`; \`mcpName\` is the name in \`server.json\`.
- \`EVALUATION.md\` is filled in.
`;
}

function toolset(short: string): string {
  return (
    short
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+/, '')
      .slice(0, 24) || 'mine'
  );
}
