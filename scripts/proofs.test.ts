import { describe, expect, it } from 'vitest';
import { checkProofs, idsIn } from './proofs.ts';

const requirements = { 'XX-1': 'One.', 'XX-2': 'Two.' };
const passed = (name: string, file = 'test/integration/a.test.ts') => ({
  file,
  name,
  state: 'passed' as const,
  durationMs: 1,
});

describe('the requirements check', () => {
  it('reads one and several ids from a name', () => {
    expect(idsIn('keeps a record [XX-1]')).toEqual(['XX-1']);
    expect(idsIn('keeps it [XX-1, XX-2] and more [YY-3]')).toEqual(['XX-1', 'XX-2', 'YY-3']);
    expect(idsIn('reads [UTF-8] and [x-1]')).toEqual([]);
  });

  it('is content when each id has a passing proof', () => {
    const tests = [passed('a [XX-1]'), passed('b [XX-2]', 'src/b.test.ts')];
    expect(checkProofs(requirements, [{ part: 'p', tests }], {}, true)).toEqual({ faults: [], notes: [] });
  });

  it('finds an id without a proof', () => {
    const tests = [passed('a [XX-1]')];
    expect(checkProofs(requirements, [{ part: 'p', tests }], {}, false).faults).toEqual(['XX-2 has no passing proof']);
  });

  it('does not take a failed test for a proof', () => {
    const tests = [passed('a [XX-1]'), { ...passed('b [XX-2]'), state: 'failed' as const }];
    expect(checkProofs(requirements, [{ part: 'p', tests }], {}, false).faults).toEqual(['XX-2 has no passing proof']);
  });

  it('finds a test under test/ that names no id, and lets unit tests be', () => {
    const tests = [passed('a [XX-1] [XX-2]'), passed('nameless'), passed('also nameless', 'src/b.test.ts')];
    expect(checkProofs(requirements, [{ part: 'p', tests }], {}, true).faults).toEqual([
      'test/integration/a.test.ts: "nameless" names no requirement',
    ]);
  });

  it('finds an id that the manifest does not know', () => {
    const tests = [passed('a [XX-1] [XX-2]')];
    const sources = { 'src/c.test.ts': "it('c [XX-9]')" };
    expect(checkProofs(requirements, [{ part: 'p', tests }], sources, true).faults).toEqual([
      'src/c.test.ts: XX-9 is not in test/requirements.ts',
    ]);
  });

  it('notes proofs that were skipped or did not run, and refuses them when all parts should have run', () => {
    const tests = [{ ...passed('a [XX-1]'), state: 'skipped' as const, reason: 'no engine' }];
    const sources = { 'test/chaos/b.test.ts': "it('b [XX-2]')" };
    expect(checkProofs(requirements, [{ part: 'p', tests }], sources, false)).toEqual({
      faults: [],
      notes: ['XX-1 was skipped: no engine', 'XX-2 is proven in test/chaos/b.test.ts, which did not run here'],
    });
    expect(checkProofs(requirements, [{ part: 'p', tests }], sources, true).faults).toHaveLength(2);
  });
});
