import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DataDirInUse } from './errors.ts';

const sqliteBusy = 5;

/**
 * Holds the data folder for this process until `release`. The operating system drops the lock with the process,
 * also after kill -9; a PID file would not tell, since in containers every process has the same number.
 *
 * @throws DataDirInUse when another holder has it.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 });
  try {
    file.exec('begin exclusive');
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) {
      throw DataDirInUse({ path: ` ${dataDir}` }, { cause: error });
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
