import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Arrangement,
  arrange,
  arrangementNames,
  arrangementTitles,
  clientCommand,
  clientTitles,
} from '../../scripts/conformance/arrangements.ts';
import { recordScenarios } from '../../scripts/conformance/record.ts';
import { runClientSuite, runServerSuite, suites } from '../../scripts/conformance/suites.ts';
import { type ExpectedFailures, judge } from '../../scripts/conformance/verdict.ts';

const expected = JSON.parse(
  readFileSync(new URL('./expected-failures.json', import.meta.url), 'utf8'),
) as ExpectedFailures;
const out = mkdtempSync(join(tmpdir(), 'conformance-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe.each(arrangementNames)('the official conformance suites, arrangement %s', (name) => {
  let arrangement: Arrangement;
  beforeAll(async () => {
    arrangement = await arrange(name);
  }, 120_000);
  afterAll(() => arrangement?.stop());

  it.each(suites.map((suite) => [suite.name, suite] as const))(
    'pass every required server scenario of %s [SP-7]',
    async (_, suite) => {
      const result = await runServerSuite(suite, arrangement.url, join(out, name));
      if (name !== 'direct') recordScenarios(arrangementTitles[name], result); // that one is about the fixtures
      expect(judge(result, expected).faults).toEqual([]);
    },
    180_000,
  );
});

describe('the official conformance suites, against the upstream connector', () => {
  it.each(suites.map((suite) => [suite.name, suite] as const))(
    'pass every required client scenario of %s that is not about authorization [SP-7]',
    async (_, suite) => {
      const result = await runClientSuite(suite, 'other', clientCommand, join(out, 'client'));
      recordScenarios(clientTitles.other, result);
      expect(judge(result, expected).faults).toEqual([]);
    },
    180_000,
  );

  it.each(suites.map((suite) => [suite.name, suite] as const))(
    'pass every required client scenario of %s about authorization [AC-2]',
    async (_, suite) => {
      const result = await runClientSuite(suite, 'auth', clientCommand, join(out, 'client-auth'));
      recordScenarios(clientTitles.auth, result);
      expect(judge(result, expected).faults).toEqual([]);
    },
    600_000, // each scenario starts two programs, and some wait for what must not come
  );
});
