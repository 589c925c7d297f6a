/** One case as a report of tests has it. */
export interface JunitCase {
  name: string;
  /** Absent where it passed. */
  failure?: { message: string; text: string };
}

/** A report in JUnit's XML, which every CI reads. */
export function junitOf(suites: readonly { name: string; cases: readonly JunitCase[] }[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  const totals = (cases: readonly JunitCase[]) =>
    `tests="${cases.length}" failures="${cases.filter(({ failure }) => failure).length}" errors="0"`;
  const body = suites.map(({ name, cases }) => {
    const lines = cases.map(({ name: title, failure }) => {
      const head = `    <testcase classname="${escaped(name)}" name="${escaped(title)}"`;
      if (!failure) return `${head}/>\n`;
      return `${head}>\n      <failure message="${escaped(failure.message)}">${escaped(failure.text)}</failure>\n    </testcase>\n`;
    });
    return `  <testsuite name="${escaped(name)}" ${totals(cases)}>\n${lines.join('')}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${totals(all)}>\n${body.join('')}</testsuites>\n`;
}

const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' };

/** XML 1.0 has no place for most control characters, and none for half a character. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/(?![\t\n])\p{Cc}|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"\n]/g, (character) => names[character] ?? character);
}
