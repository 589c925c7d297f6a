import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Clock } from '../../../../kernel/clock.ts';
import type { Db } from '../../../../platform/db/types.ts';
import { listCollections } from '../../collections/store.ts';
import { UnknownCollection } from '../../errors.ts';
import type { Asker } from '../../query/query.ts';
import { type DocumentName, namesOf } from '../evaluation/store.ts';
import { createLikeness } from './duplicates.ts';
import {
  type JudgedPassage,
  readTexts,
  type StaleDocument,
  unchangedSince,
  unconfirmedSince,
  unhelpfulPassages,
} from './store.ts';

export interface StaleDocuments {
  /** Of which the first are listed. */
  total: number;
  documents: StaleDocument[];
}

export interface Report {
  days: number;
  /** Not changed by their source within the days. */
  unchanged: StaleDocuments;
  /** Their source was not seen to have them for a week. */
  unconfirmed: StaleDocuments;
  duplicates: { similarity: number; documents: DocumentName[] }[];
  /** Whether all passages were compared; of more than 50,000 only the first are. */
  allCompared: boolean;
  unhelpful: JudgedPassage[];
}

const dayMs = 24 * 60 * 60_000;
const unconfirmedDays = 7;
const mostListed = 100;
const mostPassages = 50_000;
const passagesAtOnce = 250;

/** @param deps.sentIn the source of documents that have none to be looked at */
export function createReports({ db, clock, sentIn }: { db: Db; clock: Clock; sentIn: string }) {
  return {
    /** Of what this caller may read. @throws UnknownCollection */
    async make(asker: Asker, { collection, days }: { collection?: string; days: number }): Promise<Report> {
      const { org, subjects } = asker;
      const readable = await listCollections(db, org, subjects);
      const named = readable.find(({ name }) => name === collection);
      if (collection !== undefined && !named)
        throw UnknownCollection({ name: collection.slice(0, 100), known: readable.map(({ name }) => name) });
      const scope = { subjects, ...(named ? { collections: [named.id] } : {}) };
      const now = clock.now();

      const likeness = createLikeness();
      let after = { document: 0, ordinal: -1 };
      let read = 0;
      for (;;) {
        const texts = await readTexts(db, org, scope, after, passagesAtOnce);
        for (const text of texts) likeness.add(text);
        read += texts.length;
        after = texts.at(-1) ?? after;
        if (texts.length < passagesAtOnce || read >= mostPassages) break;
        await othersTurn();
      }
      const groups = (await likeness.groups()).slice(0, mostListed);
      const names = await namesOf(db, org, subjects, [...new Set(groups.flatMap(({ documents }) => documents))]);
      const byId = new Map(names.map((name) => [name.document, name]));

      return {
        days,
        unchanged: await unchangedSince(db, org, scope, now - days * dayMs, mostListed),
        unconfirmed: await unconfirmedSince(
          db,
          org,
          scope,
          { since: now - unconfirmedDays * dayMs, sentIn },
          mostListed,
        ),
        duplicates: groups.map(({ similarity, documents }) => ({
          similarity,
          documents: documents.slice(0, mostListed).flatMap((id) => byId.get(id) ?? []),
        })),
        allCompared: read < mostPassages,
        unhelpful: await unhelpfulPassages(db, org, scope, mostListed),
      };
    },
  };
}
