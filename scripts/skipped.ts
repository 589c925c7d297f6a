/**
 * Why a test was skipped that gives no reason itself: the condition of its `runIf` or `skipIf`, or that of a suite
 * around it, read from the source.
 *
 * @param names of the suites and of the test
 */
export function skipReason(source: string, names: readonly string[]): string | undefined {
  for (const [, , condition = '', , title = ''] of source.matchAll(conditional)) {
    if (!names.includes(title)) continue;
    if (/postgres|database_?url/i.test(condition)) return 'needs Postgres, as `npm run test:services` starts it';
    if (/redis/i.test(condition)) return 'needs Redis, as `npm run test:services` starts it';
    if (/platform|linux|win32|darwin|posix/i.test(condition)) return `not on ${process.platform}`;
    return `its condition does not hold here: ${condition.trim()}`;
  }
  return undefined;
}

const conditional = /\.(runIf|skipIf)\(((?:[^()]|\([^()]*\))*)\)\(\s*(['"`])(.*?)\3/g;
