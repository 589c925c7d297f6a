import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../places.ts';

const older = join(root, 'node_modules', '@modelcontextprotocol', 'conformance');
const newer = join(root, 'node_modules', 'conformance-next');

/** One way of running the official suites. */
export interface Suite {
  /** As it is written in the report and in the list of expected failures. */
  name: string;
  program: string;
  args: readonly string[];
  /** The scenarios that it has to run for servers, with those that count. */
  scenarios(leg: Leg): Listed[] | undefined;
}

export const suites: readonly Suite[] = [
  {
    name: '0.1.16, all',
    program: join(older, 'dist', 'index.js'),
    args: ['--suite', 'all'],
    // It has no requirement sets: whatever it runs counts.
    scenarios: (leg) => (leg === 'client' ? olderClientScenarios() : undefined),
  },
  requirementSuite('2025-11-25'),
  requirementSuite('2026-07-28'),
];

function requirementSuite(revision: string): Suite {
  return {
    name: `0.2.0-alpha.12, ${revision}`,
    program: join(newer, 'dist', 'index.js'),
    args: ['--requirements', revision],
    scenarios(leg) {
      const set = parse(readFileSync(join(newer, 'requirements', `${revision}.yaml`), 'utf8')) as RequirementSet;
      const unscored = set.not_scored.filter((each) => each.leg === leg);
      return [
        ...set[leg].map((name) => ({ name, scored: true })),
        ...unscored.map(({ scenario, reason }) => ({ name: scenario, scored: false, reason })),
      ];
    },
  };
}

interface RequirementSet {
  server: string[];
  client: string[];
  not_scored: { scenario: string; leg: Leg; reason: string }[];
}

interface Listed {
  name: string;
  scored: boolean;
  reason?: string;
}

export interface ScenarioResult {
  name: string;
  /** Whether the revision requires it. */
  scored: boolean;
  /** Why it does not count, by the suite. */
  unscoredReason?: string;
  passed: number;
  failed: number;
  /** What the checks that failed said. */
  messages: string[];
}

export const clientParts = ['other', 'auth'] as const;
export type ClientPart = (typeof clientParts)[number];

export type Leg = 'server' | 'client';

export interface SuiteResult {
  suite: string;
  leg: Leg;
  /** Which of the client scenarios these are. */
  part?: ClientPart;
  scenarios: ScenarioResult[];
}

interface Check {
  id: string;
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  errorMessage?: string;
}

/** Runs a suite against a server and reads what it found from its result files. */
export async function runServerSuite(suite: Suite, url: string, outDir: string): Promise<SuiteResult> {
  return await collect(suite, 'server', ['server', '--url', url, ...suite.args], outDir);
}

/**
 * Runs the client scenarios of a suite, one by one.
 *
 * @param part those about authorization, or all others
 * @param command of a client that takes the server's URL as its last argument
 */
export async function runClientSuite(
  suite: Suite,
  part: ClientPart,
  command: string,
  outDir: string,
): Promise<SuiteResult> {
  const scenarios = suite.scenarios('client') ?? [];
  const revision = suite.args[0] === '--requirements' ? ['--spec-version', suite.args[1] ?? ''] : [];
  const results: ScenarioResult[] = [];
  for (const { name, reason } of scenarios.filter((each) => each.name.startsWith('auth/') === (part === 'auth'))) {
    // Extensions belong to no revision, and the suite skips them when one is named.
    const at = reason === 'extension' ? [] : revision;
    const args = ['client', '--command', command, '--scenario', name, '--timeout', String(scenarioMs), ...at];
    const { scenarios: found } = await collect(suite, 'client', args, join(outDir, name), [name]);
    results.push(...found);
  }
  return { suite: suite.name, leg: 'client', part, scenarios: results };
}

/** Of a revision before those that are required; its metadata name another issuer than they are asked for. */
const broken: Listed = {
  name: 'auth/2025-03-26-oauth-metadata-backcompat',
  scored: false,
  reason: 'its metadata break RFC 8414, 3.3; later versions repaired that',
};

/** Longest run of one scenario: on a busy machine starting two programs alone takes its time. */
const scenarioMs = 120_000;

const olderClientScenarios = (): Listed[] =>
  [
    ...['initialize', 'tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry'],
    ...[
      'metadata-default',
      'metadata-var1',
      'metadata-var2',
      'metadata-var3',
      'basic-cimd',
      'scope-from-www-authenticate',
      'scope-from-scopes-supported',
      'scope-omitted-when-undefined',
      'scope-step-up',
      'scope-retry-limit',
      'token-endpoint-auth-basic',
      'token-endpoint-auth-post',
      'token-endpoint-auth-none',
      'pre-registration',
      '2025-03-26-oauth-endpoint-fallback',
      'resource-mismatch',
      'offline-access-scope',
      'offline-access-not-supported',
      'client-credentials-jwt',
      'client-credentials-basic',
      'cross-app-access-complete-flow',
    ].map((name) => `auth/${name}`),
  ]
    .map((name): Listed => ({ name, scored: true }))
    .concat(broken);

async function collect(
  suite: Suite,
  leg: Leg,
  args: readonly string[],
  outDir: string,
  only?: readonly string[],
): Promise<SuiteResult> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const output = await run(suite.program, [...args, '--output-dir', outDir]);

  const found = new Map<string, Check[]>();
  for (const path of readdirSync(outDir, { recursive: true }) as string[]) {
    const folder = /^(.*)[\\/]checks\.json$/.exec(path)?.[1]?.replaceAll('\\', '/');
    if (folder === undefined) continue;
    const name = folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
    found.set(name, JSON.parse(readFileSync(join(outDir, path), 'utf8')) as Check[]);
  }
  const listed = suite.scenarios(leg)?.filter(({ name }) => only === undefined || only.includes(name));
  const expected = listed ?? [...found.keys()].map((name) => ({ name, scored: true, reason: undefined }));
  if (expected.length === 0) throw new Error(`${suite.name} ran nothing: ${output.slice(-2_000)}`);

  return {
    suite: suite.name,
    leg,
    scenarios: expected.map(({ name, scored, reason }) => {
      const checks = found.get(name);
      const failures = checks?.filter(({ status }) => status === 'FAILURE') ?? [];
      const lost = checks === undefined ? ['it left no result'] : [];
      return {
        name,
        scored,
        ...(reason === undefined ? {} : { unscoredReason: reason }),
        passed: checks?.filter(({ status }) => status === 'SUCCESS').length ?? 0,
        failed: failures.length + lost.length,
        messages: [...failures.map(({ id, errorMessage }) => `${id}: ${errorMessage ?? 'failed'}`), ...lost],
      };
    }),
  };
}

/** The exit code says less than the result files, so only output matters, and only when those are missing. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('exit', () => resolve(output));
  });
}
