export { closedChunk, closedDocument, closedTold, openedTitle, openedUnembedded } from './contents.ts';
export { collectionKeys } from './holding.ts';
export { sealingMigrations } from './migrations.ts';
export { passageReading } from './passages.ts';
export type { Seal } from './seal.ts';
export { createSealing, type Sealing, type Seals } from './sealing.ts';
export { isEncrypted, purgeKeys } from './store.ts';
export { type KeyVault, keyringVault } from './vault.ts';
