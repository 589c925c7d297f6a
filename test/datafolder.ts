import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'pg';

/** As a server leaves them: a database that is closed to others, and a secret, without which none is taken. */
export function placeDatabase(folder: string, dataDir: string): void {
  const database = join(dataDir, 'db');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  cpSync(folder, database, { recursive: true });
  chmodSync(database, 0o700);
  const secret = join(dataDir, 'secret');
  if (!existsSync(secret)) writeFileSync(secret, randomBytes(48).toString('base64url'), { mode: 0o600 });
}

/** Of one connection; that a test stops its Postgres while this ends is nobody's failure. */
export function ownerPool(connectionString: string): Pool {
  const owner = new Pool({ connectionString, max: 1 });
  owner.on('error', () => undefined);
  owner.on('connect', (client) => client.on('error', () => undefined));
  return owner;
}
