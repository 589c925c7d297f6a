import type { Verdict } from './verdict.ts';

export interface Run {
  arrangement: string;
  suite: string;
  verdict: Verdict;
}

/** The text of docs/conformance.md. Holds no time and no path, so that it changes only when a result does. */
export function report(runs: readonly Run[]): string {
  const rows = runs.map(({ arrangement, suite, verdict: { scored, unscored, checks } }) =>
    [
      arrangement,
      suite,
      `${scored.passed} of ${scored.all}`,
      unscored.all === 0 ? '' : `${unscored.passed} of ${unscored.all}`,
      `${checks.passed} of ${checks.passed + checks.failed}`,
    ].join(' | '),
  );
  const failing = new Map<string, Set<string>>();
  for (const { suite, verdict } of runs) {
    for (const { name, unscoredReason } of verdict.unscoredFailures) {
      const line = `\`${name}\` (${suite}; ${unscoredReason ?? 'unscored'})`;
      failing.set(suite, (failing.get(suite) ?? new Set()).add(line));
    }
  }
  const failures = [...failing.values()].flatMap((lines) => [...lines]);
  return `# Conformance

Written by \`npm run conformance\`, which runs the official conformance suites of the Model Context Protocol
(\`@modelcontextprotocol/conformance\`) against Fairlead. Required scenarios decide; the suites run others for
visibility only, such as optional extensions and scenarios that were added after a revision was released.

| arrangement | suite | required scenarios | unscored scenarios | checks |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

## Unscored scenarios that fail

${failures.length === 0 ? 'None.' : failures.map((line) => `- ${line}`).join('\n')}
`;
}
