export { type BackupSummary, backup, type CopyProgress } from './backup.ts';
export { type DatabaseSettings, hasEmbedded, openDatabase } from './database.ts';
export { DataDirInUse, databaseErrors } from './errors.ts';
export { lockDataDir } from './lock.ts';
export { migrate } from './migrate.ts';
export { type NotificationSettings, type Notifications, openNotifications } from './notifications.ts';
export { type BackupOrigin, openBackup } from './openbackup.ts';
export { restore } from './restore.ts';
export type { Database, Db, Migration } from './types.ts';
