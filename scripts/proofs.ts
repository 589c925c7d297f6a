import type { ResultFile } from '../test/results-reporter.ts';

const idGroup = /\[([A-Z]{2}-\d+(?:[ ,]+[A-Z]{2}-\d+)*)\]/g;

/** The requirement ids that a text names: `... [SP-4]`, `... [SP-4, SP-6]`. */
export function idsIn(text: string): string[] {
  return [...text.matchAll(idGroup)].flatMap(([, group = '']) => group.split(/[ ,]+/));
}

export interface ProofFindings {
  /** What must be repaired. */
  faults: string[];
  /** What could not be shown here, and why: proofs of parts that did not run, or that were skipped. */
  notes: string[];
}

/**
 * Holds the manifest against what ran.
 *
 * @param results of the parts that ran
 * @param sources text of every test file by path, which tells a proof that did not run from one that does not exist
 * @param complete all parts ran: an id without a passing proof is then a fault, whatever the reason
 */
export function checkProofs(
  requirements: Record<string, string>,
  results: readonly ResultFile[],
  sources: Record<string, string>,
  complete: boolean,
): ProofFindings {
  const faults: string[] = [];
  const notes: string[] = [];
  const tests = results.flatMap((result) => result.tests);
  const ranFiles = new Set(tests.map(({ file }) => file));

  for (const { file, name } of tests) {
    if (!file.startsWith('test/')) continue;
    if (idsIn(name).length === 0) faults.push(`${file}: "${name}" names no requirement`);
  }
  for (const [file, text] of Object.entries(sources)) {
    const unknown = idsIn(text).filter((id) => !(id in requirements));
    for (const id of new Set(unknown)) faults.push(`${file}: ${id} is not in test/requirements.ts`);
  }

  for (const id of Object.keys(requirements)) {
    const proofs = tests.filter(({ name }) => idsIn(name).includes(id));
    if (proofs.some(({ state }) => state === 'passed')) continue;
    const skipped = proofs.find(({ state }) => state === 'skipped');
    const elsewhere = Object.keys(sources).find(
      (file) => !ranFiles.has(file) && idsIn(sources[file] ?? '').includes(id),
    );
    if (complete || (skipped === undefined && elsewhere === undefined)) {
      faults.push(`${id} has no passing proof`);
    } else if (elsewhere !== undefined) {
      notes.push(`${id} is proven in ${elsewhere}, which did not run here`);
    } else if (skipped !== undefined) {
      notes.push(`${id} was skipped: ${skipped.reason ?? 'no reason given'}`);
    }
  }
  return { faults, notes };
}
