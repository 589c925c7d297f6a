import type { Migration } from '../../platform/db/types.ts';
import { documentsMigrations } from './documents/migrations.ts';
import { editionsMigrations } from './editions/migrations.ts';
import { ingestMigrations } from './ingest/migrations.ts';
import { lexicalMigrations } from './lexical/index.ts';
import { qualityMigrations } from './quality/index.ts';
import { sealingMigrations } from './sealing/index.ts';
import { vectorsMigrations } from './vectors/index.ts';

export const knowledgeMigrations: Migration[] = [
  ...documentsMigrations,
  ...lexicalMigrations,
  ...ingestMigrations,
  ...editionsMigrations,
  ...sealingMigrations,
  ...vectorsMigrations,
  ...qualityMigrations,
];
