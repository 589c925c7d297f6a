import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import { purgeCollections } from './collections/store.ts';
import { purgeDocuments } from './documents/store.ts';
import { purgeEditions } from './editions/store.ts';
import { purgeRuns } from './ingest/store.ts';
import { purgeLexical } from './lexical/index.ts';
import { purgeQuality } from './quality/index.ts';
import { purgeKeys } from './sealing/index.ts';
import { purgeSpaces } from './vectors/index.ts';

/** Removes everything that is in the collections of an organisation, or in one of them; vectors go with their passages. */
export async function purgeContents(db: Db, org: OrgId, collection?: number): Promise<void> {
  await purgeKeys(db, org, collection);
  await purgeLexical(db, org, collection);
  await purgeQuality(db, org, collection);
  await purgeRuns(db, org, collection);
  await purgeEditions(db, org, collection);
  await purgeDocuments(db, org, collection);
}

/** Removes everything of one organisation. */
export async function purgeKnowledge(db: Db, org: OrgId): Promise<void> {
  await purgeContents(db, org);
  await purgeCollections(db, org);
  await purgeSpaces(db, org);
}
