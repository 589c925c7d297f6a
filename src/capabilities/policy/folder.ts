import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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
  { folder, files, shipped }: { folder?: string | undefined; files?: readonly string[] | undefined; shipped: boolean },
): Promise<NamedRule[]> {
  const names = ['boundary.cedar', 'ways.cedar', ...(shipped ? ['roles.cedar'] : [])];
  const shippedTexts = await Promise.all(names.map((name) => readText(shippedFolder, name)));
  const ours = shippedTexts.flatMap(({ name, text }) => {
    const { rules, faults } = checker.check(text);
    if (faults.length > 0) throw new PolicySettingsFault(faults.map((fault) => `shipped ${name}: ${faultLine(fault)}`));
    return rules.map((rule): NamedRule => ({ ...rule, name: `shipped${rule.name}`, origin: 'shipped' }));
  });
  if (files) return [...ours, ...(await readFiles(checker, files))];
  if (folder === undefined) return ours;
  const inFolder = (await listCedarFiles(folder)).map((name) => join(folder, name));
  return [...ours, ...(await readFiles(checker, inFolder))];
}

async function readFiles(checker: Checker, paths: readonly string[]): Promise<NamedRule[]> {
  const texts = await Promise.all(paths.map((path) => readText(dirname(path), basename(path))));
  const faults: string[] = [];
  const rules = texts.flatMap(({ name, text }, at) => {
    const checked = checker.check(text);
    faults.push(...checked.faults.map((fault) => `${paths[at]}: ${faultLine(fault)}`));
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
