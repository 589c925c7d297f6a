import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Found, Reference } from './reference.ts';

const maxFileBytes = 1024 * 1024;

/** What is at hand without asking anybody. */
export interface LocalWorld {
  env: Readonly<Record<string, string | undefined>>;
  /** Folder that `${file:...}` is relative to. */
  baseDir: string;
  /** Folder that `${data:...}` is relative to; undefined while it is being found out. */
  dataDir?: string;
}

/** A variable, the text of a file without its last line break, or a path in the data folder. */
export function lookUpLocally({ kind, name }: Reference, { env, baseDir, dataDir }: LocalWorld): Found {
  switch (kind) {
    case 'env': {
      const value = env[name];
      return value === undefined ? { fault: `the environment has no ${name}` } : { value };
    }
    case 'file': {
      const file = resolve(baseDir, name);
      return { file, ...readReference(file, name) };
    }
    case 'data': {
      if (dataDir === undefined) return { fault: 'the data folder cannot be named by itself' };
      if (isAbsolute(name) || name.split(/[/\\]/).includes('..')) return { fault: 'must stay in the data folder' };
      return { value: join(dataDir, name) };
    }
    case 'vault':
      return { fault: 'no vault can be asked here' };
    default:
      return {
        fault: `\${${kind}:...} is no reference; there are env, file, data and vault ($\${ writes a plain \${)`,
      };
  }
}

function readReference(file: string, name: string): { value: string } | { fault: string } {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return { fault: `${name} is no file` };
    if (stat.size > maxFileBytes) return { fault: `${name} is larger than ${maxFileBytes} bytes` };
    return { value: readFileSync(file, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    return { fault: `${name} cannot be read (${codeOf(error)})` };
  }
}

/** An operating system's code such as ENOENT, without the path that its message names. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
