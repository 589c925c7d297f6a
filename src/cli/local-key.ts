import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Running } from '../app/lifecycle.ts';
import { systemPrincipal } from '../capabilities/access/index.ts';
import { NotFound } from '../kernel/errors.ts';
import { defaultOrg } from '../kernel/principal.ts';

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
export async function createLocalKey({ house }: Running, dataDir: string): Promise<LocalKey> {
  const { access, audit } = house;
  const createdBy = systemPrincipal();
  const file = join(dataDir, 'cli-key-id');
  const revoke = async (id: string) => {
    const revoked = await access.keys.revoke(defaultOrg, id).catch((error: unknown) => {
      if (NotFound.is(error)) return undefined; // a database that was restored or replaced
      throw error;
    });
    if (revoked) await act('keys.revoke', id);
    await rm(file, { force: true });
  };
  const act = (action: string, subject: string) =>
    audit.act({
      org: defaultOrg,
      at: Date.now(),
      kind: 'act',
      principal: createdBy,
      action,
      subject,
      detail: { name: keyName },
      outcome: 'ok',
    });

  const former = await readFile(file, 'utf8').catch(() => undefined);
  if (former !== undefined) await revoke(former.trim());
  const owner = 'the command line of this machine';
  const { key, secret } = await access.keys.create({
    org: defaultOrg,
    name: keyName,
    roles: ['admin'],
    scopes: ['*'],
    owner,
    createdBy,
  });
  await act('keys.create', key.id);
  await writeFile(file, `${key.id}\n`, { mode: 0o600 });
  return { id: key.id, secret, revoke: () => revoke(key.id) };
}
