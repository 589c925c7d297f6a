// Fails when an id of test/requirements.ts has no passing proof, or a test under test/ names no known id.
// `--complete` (as in CI, after all parts ran) also refuses proofs that were skipped or did not run.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requirements } from '../test/requirements.ts';
import { root } from './places.ts';
import { checkProofs } from './proofs.ts';
import { readResults, recordStep } from './results.ts';
import { threatFaults, threatsIn } from './threats.ts';

const { values } = parseArgs({ options: { complete: { type: 'boolean', default: false } } });

const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'], { cwd: root });
const sources = Object.fromEntries(
  files
    // The check's own test is full of made-up ids.
    .filter((file) => !file.endsWith('proofs.test.ts'))
    .map((file) => [file.replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')]),
);
const { faults, notes } = checkProofs(requirements, readResults(), sources, values.complete);
if (values.complete) {
  // What the threat model names has to have run, as well.
  const threats = threatsIn(readFileSync(join(root, 'docs/security.md'), 'utf8'));
  const exists = (path: string) => existsSync(join(root, path));
  faults.push(...threatFaults(threats, { exists, textOf: () => '', ran: readResults() }));
}

for (const note of notes) console.log(`note: ${note}`);
for (const fault of faults) console.error(`fault: ${fault}`);
const count = Object.keys(requirements).length;
console.log(`${count} requirements, ${faults.length} faults, ${notes.length} not shown here`);
if (faults.length > 0) process.exitCode = 1;
if (values.complete) {
  recordStep({
    name: 'every requirement proven',
    ok: faults.length === 0,
    ms: 0,
    reason: faults.join('; ') || undefined,
  });
}
