import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../kernel/json.ts';

const login = z.object({
  /** The token endpoint, and where a token is given back. */
  tokenUrl: z.string(),
  revokeUrl: z.string().optional(),
  accessToken: z.string(),
  refreshToken: z.string(),
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
});
const shape = z.record(z.string(), login);

/** What somebody is signed in with at one server. */
export type Login = z.infer<typeof login>;

/** By the address of the server. A file that cannot be read counts as empty: one signs in again. */
export async function readLogins(file: string): Promise<Record<string, Login>> {
  try {
    return shape.safeParse(parseJson(await readFile(file, 'utf8'))).data ?? {};
  } catch {
    return {};
  }
}

/** Puts the file there whole, readable by its owner alone from the first byte on. `undefined` takes the login away. */
export async function keepLogin(file: string, url: string, kept: Login | undefined): Promise<void> {
  const { [url]: _, ...others } = await readLogins(file);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(kept ? { ...others, [url]: kept } : others, null, 2)}\n`);
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(draft).catch(() => {});
    throw error;
  }
}
