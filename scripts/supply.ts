// What is shipped, of what licence, and what is known against it: `npm run supply`. All of it from the lock file.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheDir, root } from './places.ts';
import { recordStep, writeResults } from './results.ts';
import type { StepEnd } from './steps.ts';
import { readAudit } from './supply/audit.ts';
import { billOf } from './supply/bill.ts';
import { type Locked, licenceFaults } from './supply/licences.ts';

const lock: { packages: Record<string, Locked> } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const bill = join(cacheDir, 'fairlead.cdx.json');

const ends = [licences(), await billOfMaterials(), await audit()];
if (ends.some((ok) => !ok)) process.exitCode = 1;

function licences(): boolean {
  const faults = licenceFaults(lock.packages);
  return told({ name: 'licences of what is shipped', ok: faults.length === 0, ms: 0, ...reasonOf(faults) });
}

/** CycloneDX, by npm itself; of all that is locked, what is shipped: with `--omit dev` npm leaves out what both need. */
async function billOfMaterials(): Promise<boolean> {
  const { output, ms } = await npm(['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']);
  const faults: string[] = [];
  try {
    const { document, missing } = billOf(JSON.parse(output), lock.packages);
    if (missing.length > 0) faults.push(`not in the bill: ${missing.slice(0, 10).join(', ')}`);
    mkdirSync(cacheDir, { recursive: true });
    writeFileSync(bill, JSON.stringify(document, null, 1));
    console.log(`${document.components.length} components in ${relative(root, bill)}`);
  } catch {
    faults.push(`npm sbom printed no bill: ${output.slice(0, 300)}`);
  }
  return told({ name: 'bill of materials', ok: faults.length === 0, ms, ...reasonOf(faults) });
}

/** Fails only where the registry could be asked and knows of something; where it could not, that is said by name. */
async function audit(): Promise<boolean> {
  const name = 'known vulnerabilities';
  const { output, ms } = await npm(['audit', '--omit', 'dev', '--json']);
  const answer = readAudit(output);
  if (answer.asked) return told({ name, ok: answer.found.length === 0, ms, ...reasonOf(answer.found) });
  const reason = `the registry could not be asked about vulnerabilities: ${answer.reason}`;
  console.log(`skipped ${name}: ${reason}`);
  writeResults(`step-${name}`, [{ file: 'scripts', name, state: 'skipped', durationMs: ms, reason }]);
  return true;
}

function told(end: StepEnd): boolean {
  console.log(`${end.ok ? 'ok     ' : 'FAILED '} ${end.name}${end.reason === undefined ? '' : `: ${end.reason}`}`);
  recordStep(end);
  return end.ok;
}

function reasonOf(faults: readonly string[]): { reason?: string } {
  return faults.length === 0 ? {} : { reason: faults.join('; ') };
}

/** What it prints, however it ends: npm says with its exit code what the report says as well. */
function npm(args: readonly string[]): Promise<{ output: string; ms: number }> {
  const startedAt = Date.now();
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024, timeout: 50_000, shell: process.platform === 'win32' };
  return new Promise((resolve) => {
    execFile('npm', args, options, (_, output) => resolve({ output, ms: Date.now() - startedAt }));
  });
}
