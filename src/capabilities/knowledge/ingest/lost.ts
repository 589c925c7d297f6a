import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import { documentsFromOthers } from '../documents/store.ts';
import { removeDocuments, removedAtOnce, type Stores } from './keep.ts';
import type { IngestNews } from './news.ts';
import { forgetOtherRuns } from './store.ts';

export interface LostDeps extends Stores {
  clock: Clock;
  news: IngestNews;
}

/** A source that is not declared any more takes its documents along, and where it left off. */
export async function forgetOtherSources(
  deps: LostDeps,
  org: OrgId,
  { id, name }: { id: number; name: string },
  declared: readonly string[],
): Promise<void> {
  const { db, clock, news } = deps;
  const lost = await documentsFromOthers(db, org, id, declared);
  for (let at = 0; at < lost.length; at += removedAtOnce) {
    const gone = lost.slice(at, at + removedAtOnce);
    await removeDocuments(
      deps,
      org,
      id,
      gone.map((one) => one.id),
      clock.now(),
    );
    for (const { id: document, source } of gone)
      news.removed({ org, collection: name, collectionId: id, source, document });
  }
  await forgetOtherRuns(db, org, id, declared);
}
