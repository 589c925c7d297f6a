import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../kernel/json.ts';

const shape = z.object({
  url: z.string(),
  /** Of the server process. */
  pid: z.number(),
  dataDir: z.string(),
  keyId: z.string(),
  /** An admin key of this machine's command line; revoked when the server stops. */
  key: z.string(),
  startedAt: z.string(),
});

/** The server that was started last on this machine by this user, and how to talk to it. */
export type LastStart = z.infer<typeof shape>;

/** Undefined when there is none, or it cannot be read. */
export async function readLastStart(file: string): Promise<LastStart | undefined> {
  try {
    const parsed = shape.safeParse(parseJson(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Puts the file there whole, readable by its owner alone from the first byte on. */
export async function writeLastStart(file: string, start: LastStart): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(start, null, 2)}\n`);
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(draft).catch(() => {});
    throw error;
  }
}

/** Removes the file unless a later start has written it meanwhile. */
export async function removeLastStart(file: string, keyId: string): Promise<void> {
  const current = await readLastStart(file);
  if (current?.keyId === keyId) await rm(file, { force: true });
}
