import { constants, type Stats } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { wrongUsage } from './errors.ts';

/** @throws CommandFailed when the file cannot be read, before anything is made for it */
export async function refuseUnreadable(file: string): Promise<void> {
  const what = await lookAt(file);
  if (what.isDirectory()) throw wrongUsage(`${file} is a folder.`, 'Name the file in it that `fairlead backup` wrote.');
  // It is read twice, which a pipe cannot be.
  if (!what.isFile()) throw wrongUsage(`${file} is no file.`, 'Name a file that `fairlead backup` wrote.');
  await access(file, constants.R_OK).catch(() => {
    throw wrongUsage(
      `This user may not read ${file}.`,
      'A backup is for its owner alone: run this as the user who made it, or give the file to yourself with chown.',
    );
  });
}

/** @throws CommandFailed when no file can or may be written there, before the database is read */
export async function refuseUnwritable(file: string, { overwrite }: { overwrite: boolean }): Promise<void> {
  const folder = dirname(file);
  const isFolder = await isFolderAt(folder);
  if (!isFolder) throw wrongUsage(`There is no folder ${folder}.`, 'Make it first, or name a file in another folder.');
  if (await isFolderAt(file)) throw wrongUsage(`${file} is a folder.`, 'Name the file that is to be written in it.');
  await access(folder, constants.W_OK).catch(() => {
    throw wrongUsage(`This user may not write to ${folder}.`, 'Name a file in another folder.');
  });
  if (overwrite) return;
  const isThere = await lstat(file).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw wrongUsage(`${file} is there already.`, 'Give the name of a new file, or overwrite it with --force.');
}

async function lookAt(file: string): Promise<Stats> {
  try {
    return await stat(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw wrongUsage(`There is no file ${file}.`, 'Check its path; `fairlead backup FILE` writes a backup.');
    }
    throw wrongUsage(`The file ${file} cannot be read (${code}).`, 'Check its path.');
  }
}

function isFolderAt(path: string): Promise<boolean> {
  return stat(path).then(
    (it) => it.isDirectory(),
    () => false,
  );
}
