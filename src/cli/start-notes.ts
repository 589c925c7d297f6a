import { createHash, randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../kernel/json.ts';

const shape = z.object({
  url: z.string(),
  /** That the server listens on, whatever its address says. */
  port: z.number(),
  /** Of the server process. */
  pid: z.number(),
  dataDir: z.string(),
  keyId: z.string(),
  /** An admin key of this machine's command line; revoked when the server stops. */
  key: z.string(),
  startedAt: z.string(),
});

/** A server of this user that runs on this machine, and how to talk to it. */
export type StartNote = z.infer<typeof shape>;

/** The servers that run, the last start first. Notes whose process is gone are taken away. */
export async function readStartNotes(folder: string): Promise<StartNote[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
  const notes: StartNote[] = [];
  for (const file of files) {
    const note = await readNote(file);
    if (note === undefined) continue;
    if (runs(note.pid)) notes.push(note);
    else await removeFrom(file, note.keyId).catch(() => {}); // the next one tries again
  }
  notes.sort((one, other) => other.startedAt.localeCompare(one.startedAt));
  // After a crash another process may have the number of the server; its address is then of whoever came later.
  return notes.filter(({ url }, index) => notes.findIndex((note) => note.url === url) === index);
}

/** Puts the note there whole, readable by its owner alone from the first byte on. */
export async function writeStartNote(folder: string, note: StartNote): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = fileOf(folder, note.dataDir);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(note, null, 2)}\n`);
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(draft).catch(() => {});
    throw error;
  }
}

/** Removes the note unless a later start on the same data folder has written it meanwhile. */
export async function removeStartNote(folder: string, { dataDir, keyId }: StartNote): Promise<void> {
  await removeFrom(fileOf(folder, dataDir), keyId);
}

/** Whether both are one folder, also through links. */
export function sameFolder(one: string, other: string): boolean {
  return realPath(one) === realPath(other);
}

async function readNote(file: string): Promise<StartNote | undefined> {
  try {
    return shape.safeParse(parseJson(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

async function removeFrom(file: string, keyId: string): Promise<void> {
  if ((await readNote(file))?.keyId === keyId) await rm(file, { force: true });
}

/** One server at a time uses a data folder, so its name tells servers apart. */
function fileOf(folder: string, dataDir: string): string {
  return join(folder, `${createHash('sha256').update(realPath(dataDir)).digest('hex').slice(0, 16)}.json`);
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
