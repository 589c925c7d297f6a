import { defineError } from '../../kernel/errors.ts';

export const DataDirInUse = defineError('DATA_DIR_IN_USE', {
  status: 409,
  category: 'validation',
  retryable: false,
  message:
    'Another Fairlead process is using the data folder{path}, which holds {holds}. Two processes on it would destroy it.',
  action: 'Stop the other process, or give this one its own folder with FAIRLEAD_DATA_DIR.',
});

export const DatabaseUnavailable = defineError('DATABASE_UNAVAILABLE', {
  status: 503,
  category: 'external_service',
  retryable: true,
  message: 'The database cannot be used: {reason}.',
  action: '{remedy}',
});

export const MigrationChanged = defineError('MIGRATION_CHANGED', {
  status: 500,
  category: 'internal',
  retryable: false,
  message: 'The migration "{name}" was applied to this database in another form than this version has.',
  action: 'Run the version that applied it, or restore a backup: an applied migration is never edited.',
});

export const DatabaseTooNew = defineError('DATABASE_TOO_NEW', {
  status: 500,
  category: 'internal',
  retryable: false,
  message: 'This database was migrated by a newer Fairlead; this version does not know: {names}',
  action: 'Run the newer version, or restore a backup from before the upgrade into an empty database.',
});

export const MigrationFailed = defineError('MIGRATION_FAILED', {
  status: 500,
  category: 'internal',
  retryable: false,
  message: 'The migration "{name}" failed and was rolled back: {reason}',
  action: 'The database is as it was before this migration. Correct the cause and start again.',
});

export const NothingToBackUp = defineError('NOTHING_TO_BACK_UP', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: "The database holds nothing of Fairlead's. No backup was written.",
  action: 'Name the database of the server: --data-dir (FAIRLEAD_DATA_DIR), or DATABASE_URL for a Postgres.',
});

export const BackupDamaged = defineError('BACKUP_DAMAGED', {
  status: 422,
  category: 'validation',
  retryable: false,
  message: 'The backup cannot be used: {reason}. Nothing was restored.',
  action: 'Use another backup, or copy this one again from where it was kept.',
});

export const BackupForeign = defineError('BACKUP_FOREIGN', {
  status: 403,
  category: 'permission',
  retryable: false,
  message:
    'The backup is whole but does not fit the secret: it was made under another one, or was changed by somebody who does not hold the secret. Nothing was restored.',
  action:
    'Give the secret of the server that made it: --secret-file (FAIRLEAD_SECRET_FILE), or the file `secret` in the data folder. If that secret is lost and you know where the file comes from, add --unverified: it says what will not work any more.',
});

export const BackupUnsigned = defineError('BACKUP_UNSIGNED', {
  status: 403,
  category: 'permission',
  retryable: false,
  message:
    'The backup was made by a version that did not sign backups, so nobody can tell whether it was changed. Nothing was restored.',
  action: 'If you know where the file comes from, add --unverified.',
});

export const BackupTooNew = defineError('BACKUP_TOO_NEW', {
  status: 422,
  category: 'validation',
  retryable: false,
  message: 'The backup was made by a newer Fairlead, in a form that this version cannot read.',
  action: 'Restore it with the version that made it, or a newer one.',
});

export const BackupMismatch = defineError('BACKUP_MISMATCH', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The backup does not fit the database: {reason}. Nothing was restored.',
  action: 'Restore into an empty database, with the version that made the backup or a newer one.',
});

export const RestoreNotEmpty = defineError('RESTORE_NOT_EMPTY', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The database already holds rows, in: {tables}. Nothing was restored.',
  action: 'Restore into an empty database: an unused FAIRLEAD_DATA_DIR, or a new Postgres database.',
});

export const databaseErrors = [
  DataDirInUse,
  DatabaseUnavailable,
  MigrationChanged,
  DatabaseTooNew,
  MigrationFailed,
  NothingToBackUp,
  BackupDamaged,
  BackupForeign,
  BackupUnsigned,
  BackupTooNew,
  BackupMismatch,
  RestoreNotEmpty,
];
