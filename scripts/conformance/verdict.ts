import type { Leg, ScenarioResult, SuiteResult } from './suites.ts';

/** Unscored scenarios that fail, by leg and suite; each is known, and one that passes meanwhile is a fault too. */
export type ExpectedFailures = Record<Leg, Record<string, readonly string[]>>;

export interface Verdict {
  /** Scored scenarios that passed, and how many there are. */
  scored: { passed: number; all: number };
  unscored: { passed: number; all: number };
  checks: { passed: number; failed: number };
  /** What must be repaired: required scenarios that fail, and unscored ones that differ from what is expected. */
  faults: string[];
  unscoredFailures: ScenarioResult[];
}

export function judge({ suite, leg, part, scenarios }: SuiteResult, expected: ExpectedFailures): Verdict {
  const isOfPart = (name: string) => part === undefined || name.startsWith('auth/') === (part === 'auth');
  const known = (expected[leg][suite] ?? []).filter(isOfPart);
  const scored = scenarios.filter((each) => each.scored);
  const unscored = scenarios.filter((each) => !each.scored);
  const faults = scored
    .filter(({ failed }) => failed > 0)
    .map(({ name, messages }) => `${suite}: ${name}: ${messages.join('; ')}`);
  for (const { name, failed, messages } of unscored) {
    if (failed > 0 && !known.includes(name)) faults.push(`${suite}: ${name} (unscored): ${messages.join('; ')}`);
    if (failed === 0 && known.includes(name)) faults.push(`${suite}: ${name} passes, but is expected to fail`);
  }
  for (const name of known) {
    if (!unscored.some((each) => each.name === name)) faults.push(`${suite}: ${name} is required, or not run at all`);
  }
  const passing = (list: ScenarioResult[]) => list.filter(({ failed }) => failed === 0).length;
  const sum = (key: 'passed' | 'failed') => scenarios.reduce((total, each) => total + each[key], 0);
  return {
    scored: { passed: passing(scored), all: scored.length },
    unscored: { passed: passing(unscored), all: unscored.length },
    checks: { passed: sum('passed'), failed: sum('failed') },
    faults,
    unscoredFailures: unscored.filter(({ failed }) => failed > 0),
  };
}
