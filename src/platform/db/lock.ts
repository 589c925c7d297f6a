import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DataDirInUse } from './errors.ts';

const sqliteBusy = 5;

/**
 * Holds the data folder for this process until `release`. The operating system drops the lock with the process,
 * also after kill -9; a PID file would not tell, since in containers every process has the same number.
 *
 * @param holds what is in the folder, for the message
 * @throws DataDirInUse when another holder has it.
 */
export function lockDataDir(dataDir: string, holds = 'the embedded database'): { release(): void } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'lock');
  // Whoever could read it could lock it too. Only one that nobody holds yet may be opened here: closing it lets go of
  // every lock that this process has on it.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('begin exclusive');
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) {
      throw DataDirInUse({ path: ` ${dataDir}`, holds }, { cause: error });
    }
    throw error;
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      file.close();
    },
  };
}
