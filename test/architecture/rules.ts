import type { Import, ModuleFacts, UseKind } from './facts.ts';

/** The levels of the house; imports point down, or stay on their level. */
const levels: [folder: RegExp, level: number][] = [
  [/^src\/kernel\//, 0],
  [/^src\/(config|platform)\//, 1],
  [/^src\/capabilities\//, 2],
  [/^src\/gateway\//, 3],
  [/^src\/surfaces\//, 4],
  [/^src\/app\//, 5],
  [/^src\/cli\//, 6],
  [/^src\/main\.ts$/, 7],
];

/** Which capability may use which other one, through its door. Must stay without a cycle. */
export const capabilityUses: Record<string, readonly string[]> = {
  upstreams: ['catalog'],
};

/** Where a thing may be done. Tests may do all of it; outside `src` only what is named in `outside` is looked at. */
interface Place {
  allowed: RegExp;
  why: string;
}

const places: Record<UseKind, Place> = {
  sql: {
    allowed: /\/(store|migrations)\.ts$|^src\/platform\/db\//,
    why: 'SQL stands only in store.ts, migrations.ts and platform/db',
  },
  environment: { allowed: /^src\/config\//, why: 'the environment is read only in config/' },
  fetch: { allowed: /^src\/platform\/http\//, why: 'requests go out only through platform/http' },
  'json parse': { allowed: /^src\/kernel\/json\.ts$/, why: 'foreign JSON is parsed only by kernel/json.ts' },
  'export all': { allowed: /^$/, why: 'doors list names' },
  'module state': {
    allowed: /^src\/(app|cli)\/|^src\/main\.ts$|[/.](worker|warden)\.ts$/,
    why: 'state lives in what a factory returns',
  },
  singleton: {
    allowed: /^src\/(app|cli)\/|^src\/main\.ts$/,
    why: 'singletons are made only in app/, cli/ and main.ts',
  },
  // Programs of their own: they run, they are not imported.
  'side effect': { allowed: /^src\/main\.ts$|[/.](worker|warden)\.ts$/, why: 'importing a module does nothing' },
};

/** Packages that only some rooms may import. */
const guardedPackages: { specifier: RegExp; allowed: RegExp; why: string }[] = [
  {
    specifier: /^(node:)?child_process$/,
    allowed: /^src\/platform\/process\//,
    why: 'processes are started only by platform/process',
  },
  {
    specifier: /^undici$/,
    allowed: /^src\/platform\/http\//,
    why: 'requests go out only through platform/http',
  },
  {
    specifier: /^(hono|@hono\/.*)(\/.*)?$/,
    allowed: /^src\/(surfaces|app|platform\/http)\/|\/routes\.ts$/,
    why: 'logic files know no HTTP; routes stand in routes.ts and surfaces/',
  },
  {
    specifier: /^pg(-.*)?$|^@electric-sql\//,
    allowed: /^src\/platform\/(db|bus)\//,
    why: 'the database is opened only by platform/db',
  },
];

/** Exceptions, each with its reason. A line that is not needed any more is a fault. */
export interface Exception {
  path: string;
  what: string;
  reason: string;
}

export interface Fault {
  path: string;
  line: number;
  what: string;
  why: string;
}

const isTest = (path: string) => !path.startsWith('src/') || path.endsWith('.test.ts') || path.includes('/testing/');

/** All rules over all modules. */
export function checkArchitecture(modules: readonly ModuleFacts[], uses = capabilityUses): Fault[] {
  return [
    ...folders(modules),
    ...sizes(modules),
    ...downward(modules),
    ...doors(modules, uses),
    ...cycles(modules),
    ...guards(modules),
  ];
}

function downward(modules: readonly ModuleFacts[]): Fault[] {
  return modules.flatMap((module) => {
    const from = levelOf(module.path);
    if (!module.path.startsWith('src/')) return [];
    if (from === undefined)
      return [{ path: module.path, line: 1, what: 'no level', why: 'src has only the folders of the design' }];
    return module.imports.flatMap(({ target, line }) => {
      if (target === undefined) return [];
      if (target === 'package.json') return []; // for the version
      if (!target.startsWith('src/')) {
        return isTest(module.path)
          ? []
          : [{ path: module.path, line, what: target, why: 'src imports nothing outside of src' }];
      }
      const to = levelOf(target);
      return to !== undefined && to <= from
        ? []
        : [{ path: module.path, line, what: target, why: 'imports point down the levels' }];
    });
  });
}

function doors(modules: readonly ModuleFacts[], uses: Record<string, readonly string[]>): Fault[] {
  const faults: Fault[] = [];
  for (const ring of ringsIn(new Map(Object.entries(uses)))) {
    faults.push({
      path: 'test/architecture/rules.ts',
      line: 1,
      what: ring.join(' -> '),
      why: 'the list of capability uses has a cycle',
    });
  }
  for (const { path, imports } of modules) {
    if (isTest(path)) continue;
    const own = capabilityOf(path);
    for (const { target, line } of imports) {
      const other = target === undefined ? undefined : capabilityOf(target);
      if (target === undefined || other === undefined || other === own) continue;
      if (!target.endsWith(`/${other}/index.ts`)) {
        faults.push({ path, line, what: target, why: 'a capability is entered only by its index.ts' });
      }
      if (own !== undefined && !uses[own]?.includes(other)) {
        faults.push({ path, line, what: target, why: `${own} -> ${other} is not on the list of capability uses` });
      }
    }
  }
  return faults;
}

function cycles(modules: readonly ModuleFacts[]): Fault[] {
  const known = new Set(modules.map(({ path }) => path));
  const graph = new Map(
    modules.map(({ path, imports }) => [
      path,
      imports.flatMap(({ target }) => (target !== undefined && known.has(target) ? [target] : [])),
    ]),
  );
  return ringsIn(graph).map((ring) => ({
    path: ring[0] ?? '',
    line: 1,
    what: ring.join(' -> '),
    why: 'no import cycles',
  }));
}

function guards(modules: readonly ModuleFacts[]): Fault[] {
  return modules.flatMap(({ path, uses, imports }) => {
    const faults: Fault[] = [];
    for (const { kind, line, what } of uses) {
      const { allowed, why } = places[kind];
      if (kind !== 'export all' && isTest(path)) continue;
      if (!allowed.test(path)) faults.push({ path, line, what, why });
    }
    if (!isTest(path)) for (const each of imports) faults.push(...guardedImports(path, each));
    return faults;
  });
}

function guardedImports(path: string, { specifier, line }: Import): Fault[] {
  return guardedPackages
    .filter((guard) => guard.specifier.test(specifier) && !guard.allowed.test(path))
    .map(({ why }) => ({ path, line, what: specifier, why }));
}

function folders(modules: readonly ModuleFacts[]): Fault[] {
  return modules
    .filter(({ path }) => /(^|\/)(utils?|helpers?|common)(\/|\.(test\.)?ts$)/.test(path))
    .map(({ path }) => ({ path, line: 1, what: path, why: 'shared code has a noun: no utils, helpers or common' }));
}

function sizes(modules: readonly ModuleFacts[]): Fault[] {
  return modules
    .filter(({ lines, firstLine }) => lines > 500 && !/^(\/\/|\/\*\*?) ?\S.{20,}/.test(firstLine))
    .map(({ path, lines }) => ({
      path,
      line: 1,
      what: `${lines} lines`,
      why: 'over 500 lines needs its reason in the first line',
    }));
}

function levelOf(path: string): number | undefined {
  return levels.find(([folder]) => folder.test(path))?.[1];
}

function capabilityOf(path: string): string | undefined {
  return /^src\/capabilities\/(integrations\/[^/]+|[^/]+)\//.exec(path)?.[1];
}

/** Every strongly connected group of more than one node, as one ring through it. */
function ringsIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const rings: string[][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (node: string, path: string[]) => {
    state.set(node, 'open');
    for (const next of graph.get(node) ?? []) {
      if (state.get(next) === 'open') rings.push([...path.slice(path.indexOf(next)), next]);
      else if (state.get(next) === undefined) visit(next, [...path, next]);
    }
    state.set(node, 'done');
  };
  for (const node of graph.keys()) if (state.get(node) === undefined) visit(node, [node]);
  return rings;
}

/** Takes away what an exception covers, and reports exceptions that cover nothing. */
export function withoutExceptions(faults: readonly Fault[], exceptions: readonly Exception[]): Fault[] {
  const covers = ({ path, what }: Exception, fault: Fault) => path === fault.path && what === fault.what;
  const unused = exceptions.filter((each) => !faults.some((fault) => covers(each, fault)));
  return [
    ...faults.filter((fault) => !exceptions.some((each) => covers(each, fault))),
    ...unused.map(({ path, what }) => ({ path, line: 1, what, why: 'an exception that nothing needs' })),
  ];
}
