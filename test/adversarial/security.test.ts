import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { type Threat, threatFaults, threatsIn } from '../../scripts/threats.ts';
import { packageRoot } from '../../src/config/index.ts';

const threats = threatsIn(readFileSync(join(packageRoot, 'docs/security.md'), 'utf8'));
const exists = (path: string) => existsSync(join(packageRoot, path));
/** A test and what stands beside it: attacks are written in files of their own. */
const textOf = (path: string): string => {
  const beside = path.startsWith('test/adversarial/')
    ? globSync('**/*.ts', { cwd: join(packageRoot, dirname(path)) })
    : [];
  const files = [
    path,
    ...beside.map((file) => join(dirname(path), file)).filter((file) => !file.includes('security.test')),
  ];
  return files
    .filter(exists)
    .map((file) => readFileSync(join(packageRoot, file), 'utf8'))
    .join('\n');
};

it('the threat model has a line for each of the known threats, each with a file and a test that are there [RE-6]', () => {
  expect([...new Set(threats.map(({ threat }) => threat))].sort()).toEqual(
    [
      'DNS rebinding',
      'ReDoS',
      'SSRF',
      'confused deputy',
      'deserialisation',
      'insider admin',
      'prompt injection',
      'request smuggling',
      'rug pull',
      'session hijack',
      'supply chain',
      'tenant escape',
      'token pass-through',
      'tool poisoning',
    ].sort(),
  );
  expect(threatFaults(threats, { exists, textOf })).toEqual([]);
});

it('a line whose file or test is not there, or did not pass, is a fault [RE-6]', () => {
  const line: Threat = { threat: 'x', files: ['src/main.ts'], proofs: [{ file: 'a.test.ts', name: 'is refused' }] };
  const test = { file: 'a.test.ts', name: 'it is refused [RE-7]', state: 'passed' as const, durationMs: 1 };
  const faults = (one: Threat, state: 'passed' | 'failed' | 'skipped' | undefined) =>
    threatFaults([one], {
      exists: (path) => path === 'src/main.ts',
      textOf: () => '',
      ran: [{ part: 'all', tests: state === undefined ? [] : [{ ...test, state }] }],
    });
  expect(faults(line, 'passed')).toEqual([]);
  for (const state of ['failed', 'skipped', undefined] as const) expect(faults(line, state)).toHaveLength(1);
  expect(faults({ ...line, files: ['src/gone.ts'] }, 'passed')).toEqual(['x: there is no src/gone.ts']);
  expect(faults({ ...line, files: [], proofs: [] }, 'passed')).toEqual(['x: names no file', 'x: names no test']);
});
