import { describe, expect, it } from 'vitest';
import { judge } from './verdict.ts';

const scenario = (name: string, scored: boolean, failed: number) => ({
  name,
  scored,
  passed: 1,
  failed,
  messages: failed > 0 ? ['broken'] : [],
});

describe('the verdict on a conformance run', () => {
  it('counts, and finds nothing when all required scenarios pass', () => {
    const scenarios = [scenario('a', true, 0), scenario('b', false, 2)];
    const verdict = judge({ suite: 's', leg: 'server', scenarios }, { server: { s: ['b'] }, client: {} });
    expect(verdict.faults).toEqual([]);
    expect(verdict.scored).toEqual({ passed: 1, all: 1 });
    expect(verdict.unscored).toEqual({ passed: 0, all: 1 });
    expect(verdict.checks).toEqual({ passed: 2, failed: 2 });
    expect(verdict.unscoredFailures.map(({ name }) => name)).toEqual(['b']);
  });

  it('finds a required scenario that fails, whatever is expected of it', () => {
    const { faults } = judge(
      { suite: 's', leg: 'server', scenarios: [scenario('a', true, 1)] },
      { server: { s: ['a'] }, client: {} },
    );
    expect(faults).toEqual(['s: a: broken', 's: a is required, or not run at all']);
  });

  it('finds an unscored scenario that fails without being expected to', () => {
    const { faults } = judge(
      { suite: 's', leg: 'server', scenarios: [scenario('a', false, 1)] },
      { server: {}, client: {} },
    );
    expect(faults).toEqual(['s: a (unscored): broken']);
  });

  it('finds an expectation that time has overtaken', () => {
    const { faults } = judge(
      { suite: 's', leg: 'server', scenarios: [scenario('a', false, 0)] },
      { server: { s: ['a'] }, client: {} },
    );
    expect(faults).toEqual(['s: a passes, but is expected to fail']);
  });
});
