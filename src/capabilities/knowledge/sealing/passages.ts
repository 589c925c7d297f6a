import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { type Passage, readDocument, readPassages, readStretch } from '../documents/store.ts';
import { openedPassages } from './contents.ts';
import type { Sealing } from './sealing.ts';

/** The ways to passages, with those of encrypted collections opened. The rights are those of the statements. */
export function passageReading(sealing: Sealing | undefined) {
  const opened =
    <Rest extends unknown[]>(
      read: (db: Db, org: OrgId, subjects: readonly string[], ...rest: Rest) => Promise<Passage[]>,
    ) =>
    async (db: Db, org: OrgId, subjects: readonly string[], ...rest: Rest): Promise<Passage[]> => {
      const passages = await read(db, org, subjects, ...rest);
      if (!sealing || passages.length === 0) return passages;
      const collections = [...new Set(passages.map(({ collectionId }) => collectionId))];
      return openedPassages(await sealing.of(db, org, collections), org, passages);
    };
  return { readPassages: opened(readPassages), readStretch: opened(readStretch), readDocument: opened(readDocument) };
}
