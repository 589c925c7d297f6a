import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Checker, faultLine } from './check.ts';
import { PolicySettingsFault } from './errors.ts';
import type { NamedRule } from './ruleset.ts';

const shippedFolder = fileURLToPath(new URL('./shipped/', import.meta.url));

/**
 * The rules that hold for every organisation: the boundary between organisations always, the shipped roles unless
 * they are turned off, and the `.cedar` files of the folder, in the order of their names.
 *
 * @throws PolicySettingsFault with the faults of all files
 */
export async function readCommonRules(
  checker: Checker,
  { folder, shipped }: { folder?: string | undefined; shipped: boolean },
): Promise<NamedRule[]> {
  const names = ['boundary.cedar', 'ways.cedar', ...(shipped ? ['roles.cedar'] : [])];
  const files = await Promise.all(names.map((name) => readText(shippedFolder, name)));
  const ours = files.flatMap(({ name, text }) => {
    const { rules, faults } = checker.check(text);
    if (faults.length > 0) throw new PolicySettingsFault(faults.map((fault) => `shipped ${name}: ${faultLine(fault)}`));
    return rules.map((rule): NamedRule => ({ ...rule, name: `shipped${rule.name}`, origin: 'shipped' }));
  });
  return folder === undefined ? ours : [...ours, ...(await readFolder(checker, folder))];
}

async function readFolder(checker: Checker, folder: string): Promise<NamedRule[]> {
  const names = await listCedarFiles(folder);
  const files = await Promise.all(names.map((name) => readText(folder, name)));
  const faults: string[] = [];
  const rules = files.flatMap(({ name, text }) => {
    const checked = checker.check(text);
    faults.push(...checked.faults.map((fault) => `${join(folder, name)}: ${faultLine(fault)}`));
    return checked.rules.map((rule): NamedRule => ({ ...rule, name: `${name}${rule.name}`, origin: 'folder' }));
  });
  if (faults.length > 0) throw new PolicySettingsFault(faults);
  return rules;
}

async function listCedarFiles(folder: string): Promise<string[]> {
  try {
    // By name, not by kind: a mounted ConfigMap shows its files as symbolic links.
    return (await readdir(folder)).filter((name) => name.endsWith('.cedar')).sort();
  } catch (error) {
    throw new PolicySettingsFault([`policies.folder: ${folder} cannot be read (${codeOf(error)})`]);
  }
}

async function readText(folder: string, name: string): Promise<{ name: string; text: string }> {
  try {
    return { name, text: (await readFile(join(folder, name), 'utf8')).replace(/^\uFEFF/, '') };
  } catch (error) {
    throw new PolicySettingsFault([`${join(folder, name)}: cannot be read (${codeOf(error)})`]);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
