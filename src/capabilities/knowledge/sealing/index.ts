export { closedChunk, closedDocument, closedTold, openedTitle, openedUnembedded } from './contents.ts';
export { collectionKeys, moveKeys } from './holding.ts';
export { sealingMigrations } from './migrations.ts';
export { passageReading } from './passages.ts';
export type { Seal } from './seal.ts';
export { createSealing, type Sealing, type Seals } from './sealing.ts';
export { isEncrypted, purgeKeys } from './store.ts';
export { createVaults, type EncryptionSettings, type Vaults } from './vault.ts';
