import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Running } from '../app/lifecycle.ts';
import { systemPrincipal } from '../capabilities/access/index.ts';
import { type ActNotes, createActs } from '../capabilities/audit/index.ts';
import { systemClock } from '../kernel/clock.ts';
import { NotFound } from '../kernel/errors.ts';
import { defaultOrg } from '../kernel/principal.ts';
import type { Log } from '../platform/telemetry/index.ts';

const keyName = 'local cli';

/** The admin key with which the command line of this machine talks to a server that it started. */
export interface LocalKey {
  id: string;
  secret: string;
  /** Ends it; a second time changes nothing. */
  revoke(): Promise<void>;
}

/**
 * Makes the key anew and ends the one of the start before, whose id stands in the data folder: after kill -9 nobody
 * could end it. Both are in the audit trail.
 */
export async function createLocalKey({ house }: Running, dataDir: string, log: Log): Promise<LocalKey> {
  const { access, audit } = house;
  const acts = createActs({ audit, clock: systemClock, log });
  const createdBy = systemPrincipal();
  const file = join(dataDir, 'cli-key-id');
  const notesOf = (action: string, subject: string): ActNotes => ({
    action,
    principal: createdBy,
    org: defaultOrg,
    subject,
    detail: { name: keyName },
  });
  const revoke = async (id: string) => {
    const known = await access.keys.get(defaultOrg, id).catch((error: unknown) => {
      if (NotFound.is(error)) return undefined; // a database that was restored or replaced
      throw error;
    });
    if (known) {
      await acts.perform(notesOf('keys.revoke', id), async (intend) => {
        await intend();
        await access.keys.revoke(defaultOrg, id);
      });
    }
    await rm(file, { force: true });
  };

  const former = await readFile(file, 'utf8').catch(() => undefined);
  if (former !== undefined) await revoke(former.trim());
  const notes = notesOf('keys.create', keyName);
  const { key, secret } = await acts.perform(notes, async (intend) => {
    await intend();
    const created = await access.keys.create({
      org: defaultOrg,
      name: keyName,
      roles: ['admin'],
      scopes: ['*'],
      owner: 'the command line of this machine',
      createdBy,
    });
    notes.subject = created.key.id;
    return created;
  });
  await writeFile(file, `${key.id}\n`, { mode: 0o600 });
  return { id: key.id, secret, revoke: () => revoke(key.id) };
}
