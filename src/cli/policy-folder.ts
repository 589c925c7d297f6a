import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { CliContext } from './command.ts';
import { wrongUsage } from './errors.ts';
import { readPolicy } from './policy-text.ts';

/** The Cedar files of a folder, or one file, by name. @throws CommandFailed */
export async function readPolicies(path: string, context: CliContext): Promise<{ name: string; text: string }[]> {
  const whole = resolve(context.cwd, path);
  let files: string[];
  try {
    const isFolder = (await stat(whole)).isDirectory();
    const names = isFolder ? (await readdir(whole)).filter((name) => name.endsWith('.cedar')).sort() : [];
    files = isFolder ? names.map((name) => join(whole, name)) : [whole];
  } catch (error) {
    throw wrongUsage(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 'Check its path.');
  }
  return Promise.all(files.map(async (file) => ({ name: basename(file), text: await readPolicy(file, context) })));
}
