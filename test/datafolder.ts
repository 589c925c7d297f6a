import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As a server leaves them: a database that is closed to others, and a secret, without which none is taken. */
export function placeDatabase(folder: string, dataDir: string): void {
  const database = join(dataDir, 'db');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  cpSync(folder, database, { recursive: true });
  chmodSync(database, 0o700);
  const secret = join(dataDir, 'secret');
  if (!existsSync(secret)) writeFileSync(secret, randomBytes(48).toString('base64url'), { mode: 0o600 });
}
