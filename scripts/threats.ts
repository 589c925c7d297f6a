import type { ResultFile } from '../test/results-reporter.ts';

/** A line of the threat model. */
export interface Threat {
  threat: string;
  /** Paths from the root of the repository. */
  files: string[];
  proofs: { file: string; name: string }[];
}

const linked = /\]\(\.\.\/([^)]+)\)/g;
const proven = /\]\(\.\.\/([^)]+)\) "([^"]+)"/g;

/** The lines of the table with the column `proof`. */
export function threatsIn(document: string): Threat[] {
  const lines = document.split('\n');
  const head = lines.findIndex((line) => /^\| threat \|.*\| proof \|$/.test(line));
  const end = lines.findIndex((line, at) => at > head && !line.startsWith('|'));
  return lines.slice(head + 2, end).map((line) => {
    const [threat = '', , , where = '', proof = ''] = line.replace(/^\| /, '').split(' | ');
    return {
      threat,
      files: [...where.matchAll(linked)].map(([, path = '']) => path),
      proofs: [...proof.matchAll(proven)].map(([, file = '', name = '']) => ({ file, name })),
    };
  });
}

/**
 * What a threat model claims and is not so: files that are not there, lines without a proof, and tests that are not there
 * or, once all ran, did not pass.
 *
 * @param ran results of all parts; undefined before all of them ran
 */
export function threatFaults(
  threats: readonly Threat[],
  { exists, textOf, ran }: { exists(path: string): boolean; textOf(path: string): string; ran?: readonly ResultFile[] },
): string[] {
  const tests = ran?.flatMap((result) => result.tests);
  return threats.flatMap(({ threat, files, proofs }) => [
    ...(files.length === 0 ? [`${threat}: names no file`] : []),
    ...files.filter((file) => !exists(file)).map((file) => `${threat}: there is no ${file}`),
    ...(proofs.length === 0 ? [`${threat}: names no test`] : []),
    ...proofs.flatMap(({ file, name }) => {
      const passed = tests?.some((test) => test.file === file && test.name.includes(name) && test.state === 'passed');
      if (tests) return passed ? [] : [`${threat}: no test of ${file} named "${name}" has passed`];
      return textOf(file).includes(name) ? [] : [`${threat}: there is no test of ${file} named "${name}"`];
    }),
  ]);
}
