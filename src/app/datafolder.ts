import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** All that Fairlead itself keeps in the folder, and what file systems put there. */
const ours = new Set(['audit', 'cli-key-id', 'db', 'db.making', 'lock', 'lost+found', 'secret']);
/** Folders in it whose files are not closed by themselves: the database makes its own readable and writable for all. */
const inner = ['db', 'audit'];

const others = 0o077;
const writableByOthers = 0o022;
/** Sticky or with the group of its parent: somebody has thought about who shares it, as with /tmp. */
const setUpToBeShared = 0o3000;

/**
 * Closes the data folder to other users, and in any case what in it holds data: a folder that the operator made, or
 * copied, is often open. One that is not ours, or not Fairlead's alone, stays as it is. Returns what is to be said of
 * it; a folder that is not there yet is made closed.
 */
export async function closeDataFolder(dataDir: string): Promise<string[]> {
  if (process.platform === 'win32') return []; // Windows keeps no such bits
  const folder = await realpath(dataDir).catch(() => undefined);
  if (folder === undefined) return [];
  const said: string[] = [];
  const outer = await closeFolder(folder, whyNotToClose);
  if (outer?.closed) said.push(closedNow(`the data folder ${dataDir}`, outer));
  let allClosed = true;
  for (const name of inner) {
    const path = join(folder, name);
    const found = await closeFolder(path);
    if (found?.closed) said.push(closedNow(path, found));
    else if (found) {
      allClosed = false;
      said.push(`${path} is open to other users (mode ${found.mode}) and cannot be closed: ${found.reason}`);
    }
  }
  if (outer && !outer.closed) {
    const inside = allClosed ? '; secret, database and audit in it are closed' : '';
    const danger = outer.writable ? '. Whoever may write to it can put other files in the place of these' : '';
    said.push(
      `the data folder ${dataDir} is open to other users (mode ${outer.mode}), and left so since ${outer.reason}${inside}${danger}`,
    );
  }
  return said;
}

const closedNow = (what: string, { mode }: OpenFolder) =>
  `${what} was open to other users (mode ${mode}); it is closed to them now`;

/** A folder that was open to others when it was looked at. */
interface OpenFolder {
  /** As chmod writes it. */
  mode: string;
  writable: boolean;
  closed: boolean;
  /** Why it could not be closed, or was not to be. */
  reason: string;
}

/** Undefined where nothing is open, or nothing there. */
async function closeFolder(
  folder: string,
  whyNot: (folder: string, mode: number) => Promise<string | undefined> = async () => undefined,
): Promise<OpenFolder | undefined> {
  const { mode, uid } = (await stat(folder).catch(() => undefined)) ?? { mode: 0, uid: 0 };
  if ((mode & others) === 0) return undefined;
  const found = { mode: (mode & 0o7777).toString(8), writable: (mode & writableByOthers) !== 0 };
  const left = (reason: string): OpenFolder => ({ ...found, closed: false, reason });
  if (uid !== process.geteuid?.()) return left('it belongs to another user');
  const reason = await whyNot(folder, mode);
  if (reason !== undefined) return left(reason);
  try {
    // Not by its name: where others may write, that may be a link to something else by now.
    const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    await handle.chmod(mode & 0o7700).finally(() => handle.close());
    return { ...found, closed: true, reason: '' };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return left(['ELOOP', 'ENOTDIR'].includes(code) ? 'it is a link' : `the system refuses (${code})`);
  }
}

async function whyNotToClose(folder: string, mode: number): Promise<string | undefined> {
  if ((mode & setUpToBeShared) !== 0) return 'it is set up to be shared';
  const isOurs = (await readdir(folder)).every((name) => ours.has(name));
  return isOurs ? undefined : 'it also holds what is not of Fairlead';
}
