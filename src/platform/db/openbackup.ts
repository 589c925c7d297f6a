import { timingSafeEqual } from 'node:crypto';
import {
  type BackupContent,
  type BackupEnd,
  type BackupHeader,
  type BackupVerifier,
  readBackupFile,
} from './backupfile.ts';
import { BackupDamaged, BackupForeign, BackupMismatch, BackupUnsigned } from './errors.ts';
import { type AppliedMigration, checksumOf } from './migrate.ts';
import type { Migration } from './types.ts';

/** `foreign`: signed under another secret, or changed by somebody who does not hold it. `unsigned`: of version 1. */
export type BackupOrigin = 'verified' | 'foreign' | 'unsigned';

/** A backup that is whole. */
export interface OpenedBackup {
  header: BackupHeader;
  origin: BackupOrigin;
  /** Reads the file again. @throws BackupDamaged when it is not the same any more */
  parts(): AsyncGenerator<BackupContent>;
}

export interface OpenOptions {
  /** As the server that made it signed; without it no backup can be verified. */
  sign: BackupVerifier | undefined;
  /** Takes one that cannot be verified, too. */
  unverified?: boolean;
  /** All that this version knows. When given, a backup that needs others is refused before anything is touched. */
  migrations?: readonly Migration[];
}

/**
 * Reads the file to its end, and changes nothing.
 *
 * @throws BackupDamaged, BackupTooNew, BackupForeign, BackupUnsigned, BackupMismatch, and what the file system says
 */
export async function openBackup(
  file: string,
  { sign, unverified = false, migrations }: OpenOptions,
): Promise<OpenedBackup> {
  let header: BackupHeader | undefined;
  let end: BackupEnd | undefined;
  for await (const part of readBackupFile(file)) {
    if ('migrations' in part) header = part;
    else if ('end' in part) end = part;
  }
  if (!header || !end) throw BackupDamaged({ reason: 'it is empty' });
  const origin = originOf(header, end, sign);
  if (!unverified && origin === 'foreign') throw BackupForeign();
  if (!unverified && origin === 'unsigned') throw BackupUnsigned();
  if (migrations) {
    refuseUnknown(
      header,
      migrations.map((migration) => ({ name: migration.name, checksum: checksumOf(migration) })),
    );
  }
  return { header, origin, parts: () => contentOf(file, end.sha256) };
}

function originOf(
  { version }: BackupHeader,
  { sha256, hmac }: BackupEnd,
  sign: BackupVerifier | undefined,
): BackupOrigin {
  if (version === 1 || hmac === undefined) return 'unsigned';
  if (!sign) return 'foreign';
  const told = Buffer.from(hmac);
  const isOurs = [sign(sha256)].flat().some((text) => {
    const own = Buffer.from(text);
    return told.length === own.length && timingSafeEqual(told, own);
  });
  return isOurs ? 'verified' : 'foreign';
}

async function* contentOf(file: string, sha256: string): AsyncGenerator<BackupContent> {
  for await (const part of readBackupFile(file)) {
    if ('migrations' in part) continue;
    if (!('end' in part)) yield part;
    else if (part.sha256 !== sha256) throw BackupDamaged({ reason: 'it was changed while it was read' });
  }
}

/** @throws BackupMismatch when the backup was made under a migration that is not among the known ones */
export function refuseUnknown(header: BackupHeader, known: readonly AppliedMigration[]): void {
  for (const { name, checksum } of header.migrations) {
    const found = known.find((each) => each.name === name);
    if (!found) throw BackupMismatch({ reason: `the backup needs the migration "${name}", which is not known here` });
    if (found.checksum !== checksum) {
      throw BackupMismatch({ reason: `the migration "${name}" is another one than that of the backup` });
    }
  }
}
