import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { sourcesSeen } from './store.ts';
import type { Feed } from './sync.ts';

export interface SourceLag {
  org: OrgId;
  /** Its name. */
  collection: string;
  lagMs: number;
}

const lookMs = 10_000;

/** How long ago the source of each collection that waits longest was seen whole, by whichever replica; read from memory. */
export function createLag({ db, clock }: { db: Db; clock: Clock }) {
  let oldest = new Map<string, { org: OrgId; collection: string; seenAt: number }>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  /** Of sources that nobody has begun to read yet, when they were met. */
  const metAt = new Map<string, number>();

  return {
    async look(feeds: readonly Feed[]): Promise<void> {
      const now = clock.now();
      if (now - lookedAt < lookMs) return;
      lookedAt = now;
      const found: typeof oldest = new Map();
      for (const org of new Set(feeds.map((feed) => feed.org))) {
        const runs = await sourcesSeen(db, org);
        const seen = new Map(runs.map(({ collection, source, seenAt }) => [`${collection} ${source}`, seenAt]));
        for (const { collection, collectionName, name } of feeds.filter((feed) => feed.org === org)) {
          const key = `${org} ${collection}`;
          const met = metAt.get(`${key} ${name}`) ?? now;
          metAt.set(`${key} ${name}`, met);
          const seenAt = Math.min(seen.get(`${collection} ${name}`) ?? met, found.get(key)?.seenAt ?? now);
          found.set(key, { org, collection: collectionName, seenAt });
        }
      }
      oldest = found;
    },
    *read(): Generator<SourceLag> {
      for (const { org, collection, seenAt } of oldest.values())
        yield { org, collection, lagMs: Math.max(0, clock.now() - seenAt) };
    },
  };
}
