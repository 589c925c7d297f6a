import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { isObject } from '../kernel/json.ts';
import type { Fault, Path } from './faults.ts';

const reference = /\$(\$?)\{([a-z]+):([^{}]*)\}/g;
const maxFileBytes = 1024 * 1024;

export interface ReferenceWorld {
  env: NodeJS.ProcessEnv;
  /** Folder that `${file:...}` is relative to. */
  baseDir: string;
  /** Folder that `${data:...}` is relative to; undefined while it is being found out. */
  dataDir?: string;
}

export interface Expanded {
  value: unknown;
  faults: Fault[];
  /** Files that were read, absolute. */
  files: string[];
  /** JSON texts of the paths whose whole value was a reference: text that may stand for a number. */
  whole: Set<string>;
}

/**
 * Puts values in the place of `${env:NAME}` (a variable), `${file:path}` (a file's text without its last line
 * break) and `${data:path}` (an absolute path in the data folder), anywhere in a text. `$${` stands for itself.
 * What was put in is not looked at again.
 */
export function expandReferences(value: unknown, world: ReferenceWorld): Expanded {
  const faults: Fault[] = [];
  const files: string[] = [];
  const whole = new Set<string>();

  const expandText = (text: string, path: Path): string => {
    const single = new RegExp(`^(?:${reference.source})$`).exec(text);
    if (single && single[1] === '') whole.add(JSON.stringify(path));
    return text.replace(reference, (all: string, doubled: string, kind: string, name: string) => {
      if (doubled) return all.slice(1);
      const found = lookUp(kind, name, world);
      if ('file' in found) files.push(found.file);
      if ('value' in found) return found.value;
      faults.push({ path, text: found.fault });
      return '';
    });
  };

  const walk = (item: unknown, path: Path): unknown => {
    if (typeof item === 'string') return item.includes('${') ? expandText(item, path) : item;
    if (Array.isArray(item)) return item.map((entry, index) => walk(entry, [...path, index]));
    if (isObject(item)) {
      return Object.fromEntries(Object.entries(item).map(([key, entry]) => [key, walk(entry, [...path, key])]));
    }
    return item;
  };

  return { value: walk(value, []), faults, files, whole };
}

type Found = { value: string } | { fault: string } | { value: string; file: string } | { fault: string; file: string };

function lookUp(kind: string, name: string, { env, baseDir, dataDir }: ReferenceWorld): Found {
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
    default:
      return { fault: `\${${kind}:...} is no reference; there are env, file and data ($\${ writes a plain \${)` };
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
