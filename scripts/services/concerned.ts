import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const addresses = /\bTEST_(?:DATABASE_URL|REDIS_URL|PROMETHEUS|NGINX|VAULT)\b/;
const imported = /(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+\.ts)'/g;

/**
 * Tests of what lies before or beside all storage: the terminal, the settings, the wire, certificates, pages, the way past the
 * router. They come to a server as the others do, and say nothing of a database that `npm test` has not said.
 */
const sameOnAny = [
  'test/adversarial/adversarial.test.ts',
  'src/platform/db/{embedded,lock,sharing}.test.ts', // of the embedded database alone
  'test/cli/{catalog,clients,commands,endpoints,lint,openapi,policies,reload,reviews,serve,stdio}.test.ts',
  'test/e2e/outside-clients.test.ts',
  'test/integration/{bad-upstreams,hooks,openapi,refused-items,relay,rest-documents,sessions,short-sessions,short-way}.test.ts',
  'test/integration/{telemetry,tls,upstream-credentials,validation}.test.ts',
];

/** The tests that services make a difference to: those that come to the address of one by what they import. */
export function concernedTests(root: string): string[] {
  const known = new Map<string, boolean>();
  const reaches = (path: string): boolean => {
    const before = known.get(path);
    if (before !== undefined) return before;
    known.set(path, false); // of a circle, the others decide
    const text = textOf(path);
    const isThere = addresses.test(text);
    const found = isThere || [...text.matchAll(imported)].some(([, to = '']) => reaches(join(dirname(path), to)));
    known.set(path, found);
    return found;
  };
  return globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'], { cwd: root, exclude: sameOnAny })
    .filter((path) => reaches(join(root, path)))
    .sort();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // made while the test runs
  }
}
