import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './references.ts';

/** Makes the data folder, closed to others, with the folders above it. Returns what is wrong where it cannot be had. */
export async function makeDataDir(dataDir: string): Promise<string | undefined> {
  try {
    await makeFolder(dataDir);
    return undefined;
  } catch (error) {
    return `the data folder ${dataDir} cannot be made (${codeOf(error)}); name another one with --data-dir or FAIRLEAD_DATA_DIR`;
  }
}

// Not `recursive: true`: where a file system refuses new folders with ENOENT, as /proc does, Node tries for ever.
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const above = dirname(path);
    if (code !== 'ENOENT' || above === path || (await isThere(above))) throw error;
    await makeFolder(above);
    await makeFolder(path);
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
