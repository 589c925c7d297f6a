import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exceptions } from './exceptions.ts';
import { factsOf } from './facts.ts';
import { checkArchitecture, type Fault, withoutExceptions } from './rules.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the architecture', () => {
  it('keeps the rules of the design in every file [SP-2]', () => {
    const paths = globSync('{src,test,scripts,bench}/**/*.ts', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
    expect(paths.length).toBeGreaterThan(20);
    const modules = paths.sort().map((path) => factsOf(path, readFileSync(`${root}/${path}`, 'utf8')));
    expect(withoutExceptions(checkArchitecture(modules), exceptions).map(line)).toEqual([]);
  });

  it('has exceptions only with a reason [SP-2]', () => {
    for (const { reason } of exceptions) expect(reason.length).toBeGreaterThan(20);
  });
});

// Each rule is shown a file that breaks it: a rule that cannot fail keeps nothing.
describe('the architecture rules', () => {
  const bad: [what: string, files: Record<string, string>, why: string][] = [
    [
      'an import up the levels',
      { 'src/kernel/a.ts': "import { b } from '../gateway/b.ts';", 'src/gateway/b.ts': '' },
      'imports point down',
    ],
    [
      'a type imported up the levels',
      {
        'src/platform/db/a.ts': "import type { B } from '../../capabilities/x/index.ts';",
        'src/capabilities/x/index.ts': '',
      },
      'imports point down',
    ],
    ['a folder that has no level', { 'src/misc/a.ts': '' }, 'only the folders of the design'],
    [
      'production code that imports a test',
      { 'src/app/a.ts': "import { t } from '../../test/t.ts';" },
      'nothing outside of src',
    ],
    [
      'a cycle of two',
      { 'src/app/a.ts': "import { b } from './b.ts';", 'src/app/b.ts': "export { a } from './a.ts';" },
      'no import cycles',
    ],
    [
      'a cycle closed by a dynamic import',
      { 'src/app/a.ts': "import { b } from './b.ts';", 'src/app/b.ts': "const a = await import('./a.ts');" },
      'no import cycles',
    ],
    [
      'a capability entered by the window',
      { 'src/app/a.ts': "import { s } from '../capabilities/audit/store.ts';", 'src/capabilities/audit/store.ts': '' },
      'only by its index.ts',
    ],
    [
      'a capability that uses another one unlisted',
      {
        'src/capabilities/audit/a.ts': "import { p } from '../policy/index.ts';",
        'src/capabilities/policy/index.ts': '',
      },
      'not on the list',
    ],
    [
      'an sql template in logic',
      { 'src/capabilities/audit/a.ts': 'await sql`select 1`.execute(db);' },
      'SQL stands only',
    ],
    [
      'a typed sql template in logic',
      { 'src/gateway/a.ts': 'const q = sql<{ n: number }>`select 1`;' },
      'SQL stands only',
    ],
    [
      'a query builder in logic',
      { 'src/gateway/a.ts': "function f(db) { return db.selectFrom('x'); }" },
      'SQL stands only',
    ],
    [
      'a raw query in logic',
      { 'src/app/a.ts': "function f(d) { return d.pool.query('listen x'); }" },
      'SQL stands only',
    ],
    ['SQL as plain text in logic', { 'src/app/a.ts': "const q = 'DELETE FROM calls';" }, 'SQL stands only'],
    [
      'process.env outside of config',
      { 'src/app/a.ts': "const home = process.env['HOME'];" },
      'environment is read only',
    ],
    ['env taken out of process', { 'src/cli/a.ts': 'const { env } = process;' }, 'environment is read only'],
    [
      'env imported from process',
      { 'src/cli/a.ts': "import { env } from 'node:process';" },
      'environment is read only',
    ],
    [
      'a process started elsewhere',
      { 'src/cli/a.ts': "import { spawn } from 'node:child_process';" },
      'processes are started only',
    ],
    [
      'the global fetch',
      { 'src/gateway/a.ts': "const f = () => fetch('https://x.example');" },
      'only through platform/http',
    ],
    [
      'the global fetch handed on',
      { 'src/app/a.ts': 'const f = () => createX({ fetch });' },
      'only through platform/http',
    ],
    ['globalThis.fetch', { 'src/app/a.ts': 'const f = () => globalThis.fetch;' }, 'only through platform/http'],
    ['undici elsewhere', { 'src/app/a.ts': "import { request } from 'undici';" }, 'only through platform/http'],
    ['JSON.parse elsewhere', { 'src/app/a.ts': 'const f = (t) => JSON.parse(t);' }, 'parsed only by kernel/json.ts'],
    [
      'HTTP in logic',
      { 'src/capabilities/audit/audit.ts': "import type { Context } from 'hono';" },
      'logic files know no HTTP',
    ],
    ['a database opened elsewhere', { 'src/app/a.ts': "import pg from 'pg';" }, 'opened only by platform/db'],
    ['an export of everything', { 'test/a.ts': "export * from './b.ts';" }, 'doors list names'],
    ['a folder of utils', { 'src/kernel/utils/a.ts': '' }, 'shared code has a noun'],
    ['a file of helpers', { 'test/helpers.ts': '' }, 'shared code has a noun'],
    ['a long file without a reason', { 'scripts/a.ts': `${'\n'.repeat(501)}` }, 'over 500 lines'],
    ['a mutable variable of a module', { 'src/gateway/a.ts': 'let count = 0;' }, 'state lives in'],
    ['a cache of a module', { 'src/gateway/a.ts': 'export const cache = new Map();' }, 'state lives in'],
    [
      'a singleton made at import',
      { 'src/gateway/a.ts': 'export const gateway = createGateway({});' },
      'singletons are made only',
    ],
    ['an import with an effect', { 'src/gateway/a.ts': "process.on('exit', bye);" }, 'importing a module does nothing'],
    [
      'an import for its effect',
      { 'src/gateway/a.ts': "import './b.ts';", 'src/gateway/b.ts': '' },
      'importing a module does nothing',
    ],
  ];
  it.each(bad)('find %s [SP-2]', (_, files, why) => {
    expect(faultsOf(files).map((fault) => fault.why)).toContainEqual(expect.stringContaining(why));
  });

  it('let a good house stand [SP-2]', () => {
    const files = {
      'src/kernel/json.ts': 'export const parse = (text: string) => JSON.parse(text);',
      'src/config/load.ts': "export const home = (env = process.env) => env['HOME'];",
      'src/platform/http/egress.ts':
        "import { Agent } from 'undici'; export const go = () => fetch('x', { dispatcher: new Agent() });",
      'src/capabilities/catalog/index.ts': "export { list } from './store.ts';",
      'src/capabilities/catalog/store.ts': 'export const list = (db: Db) => sql`select 1`.execute(db);',
      'src/capabilities/upstreams/index.ts':
        "import { list } from '../catalog/index.ts'; export const all = () => list;",
      'src/gateway/a.ts':
        'export function ask({ fetch, cache }: Deps) { return fetch(cache.query); } const words = new Set(["a"]);',
      'src/main.ts': "import { all } from './capabilities/upstreams/index.ts'; await all();",
    };
    expect(faultsOf(files).map(line)).toEqual([]);
  });

  it('refuse a list of capability uses with a cycle [SP-2]', () => {
    const faults = checkArchitecture([], { a: ['b'], b: ['c'], c: ['a'] });
    expect(faults.map(({ what }) => what)).toEqual(['a -> b -> c -> a']);
  });

  it('report an exception that nothing needs [SP-2]', () => {
    const unused = { path: 'src/a.ts', what: 'fetch', reason: 'none' };
    expect(withoutExceptions([], [unused])).toHaveLength(1);
  });
});

function faultsOf(files: Record<string, string>): Fault[] {
  return checkArchitecture(Object.entries(files).map(([path, text]) => factsOf(path, text)));
}

function line({ path, line, what, why }: Fault): string {
  return `${path}:${line} ${what}: ${why}`;
}
