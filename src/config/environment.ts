import { delimiter, dirname, join, resolve } from 'node:path';
import { env } from 'node:process';

/** The environment as it is now. Nobody else in the house reads it. */
export function readEnvironment(): NodeJS.ProcessEnv {
  return { ...env };
}

/** Folder of this checkout or installed package. */
export const packageRoot = resolve(import.meta.dirname, '../..');

const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'USER', 'SHELL', 'TERM', 'TZ'];
const inheritedOnWindows = [
  'PATH',
  'APPDATA',
  'COMSPEC',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATHEXT',
  'PROCESSOR_ARCHITECTURE',
  'PROGRAMFILES',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERNAME',
  'USERPROFILE',
  'WINDIR',
];

/**
 * What child processes get of our environment: enough to find programs and to write text, and no secret. The
 * programs of this checkout's dependencies come first on PATH, `node` among them.
 */
export function inheritedEnvironment(
  from: NodeJS.ProcessEnv,
  { root = packageRoot, windows = process.platform === 'win32' } = {},
): Record<string, string> {
  const names = new Set(windows ? inheritedOnWindows : inherited);
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    const key = windows ? name.toUpperCase() : name;
    if (!names.has(key) && (windows || !name.startsWith('LC_'))) continue;
    // An exported shell function is code that a shell further down would run.
    if (value === undefined || value.startsWith('()')) continue;
    result[key] = value;
  }
  const bins = [join(root, 'node_modules', '.bin')];
  const parent = dirname(root);
  if (parent.endsWith('node_modules')) bins.push(join(parent, '.bin')); // installed as a package, dependencies hoisted
  result.PATH = [...bins, ...(result.PATH ? [result.PATH] : [])].join(delimiter);
  return result;
}
