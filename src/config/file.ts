import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type LocalWorld, lookUpLocally } from '../platform/secrets/local.ts';
import type { LookUp } from '../platform/secrets/reference.ts';
import { type ConfigDocument, maxFileBytes, parseConfig } from './document.ts';
import { packageRoot } from './environment.ts';
import { type Flags, flagValue } from './options.ts';
import { codeOf } from './references.ts';

/** Where the settings come from. */
export type Source = { kind: 'given' | 'found' | 'example'; file: string; from: string } | { kind: 'none' };

/** The file that is given, the one of this folder, or the example. */
export function findFile(env: NodeJS.ProcessEnv, flags: Flags, cwd: string): Source {
  const flag = flagValue(flags, 'config');
  if (typeof flag === 'string') return { kind: 'given', file: resolve(cwd, flag), from: '--config' };
  if (env.FAIRLEAD_CONFIG) {
    return { kind: 'given', file: resolve(cwd, env.FAIRLEAD_CONFIG), from: 'FAIRLEAD_CONFIG' };
  }
  const here = join(cwd, 'fairlead.yaml');
  if (existsSync(here)) return { kind: 'found', file: here, from: here };
  const example = join(packageRoot, 'examples', 'first-run', 'fairlead.yaml');
  return existsSync(example) ? { kind: 'example', file: example, from: example } : { kind: 'none' };
}

export interface ReadFile {
  document: ConfigDocument;
  name: string;
  baseDir: string;
  /** Why the document is empty. */
  unread?: string;
}

export function readFile(source: Source): ReadFile {
  if (source.kind === 'none') return { document: parseConfig(''), name: 'fairlead.yaml', baseDir: packageRoot };
  const place = { name: source.file, baseDir: dirname(source.file) };
  const unread = (why: string) => ({ document: parseConfig(''), ...place, unread: `${source.from}: ${why}` });
  try {
    if (statSync(source.file).size > maxFileBytes) return unread(`the file is larger than ${maxFileBytes} bytes`);
    return { document: parseConfig(readFileSync(source.file, 'utf8')), ...place };
  } catch (error) {
    return unread(`${source.file} cannot be read (${codeOf(error)})`);
  }
}

/** References to variables and files alone. */
export const localIn =
  (world: LocalWorld): LookUp =>
  (reference) =>
    lookUpLocally(reference, world);
