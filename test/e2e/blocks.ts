import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { run } from '../cli/run.ts';

/**
 * What is wrong with a `fairlead.yaml` that a page shows: nothing, hopefully. Variables and files that it refers to
 * are there.
 */
export async function checkYaml(text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-shown-'));
  try {
    const env: Record<string, string> = { HOME: folder };
    for (const [, name = ''] of text.matchAll(/\$\{env:([^}]+)\}/g)) env[name] = valueFor(name);
    const files = [
      ...text.matchAll(/\$\{file:([^}]+)\}/g),
      ...text.matchAll(/^\s+(?:cert|key|clientCa|secretFile): (\S+)/gm),
    ];
    for (const [, name = ''] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), valueFor(name));
    }
    const policies = parse(text)?.policies?.folder;
    if (typeof policies === 'string') mkdirSync(join(folder, policies), { recursive: true });
    writeFileSync(join(folder, 'fairlead.yaml'), text);
    const { code, stdout, stderr } = await run(['config', 'check'], { env, cwd: folder });
    return code === 0 ? '' : `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function valueFor(name: string): string {
  return `${name}: something of 32 characters or more`;
}
