import type { KnowledgeNews } from '../capabilities/knowledge/index.ts';
import type { Happening, Happenings } from '../kernel/events.ts';
import type { Db } from '../platform/db/index.ts';
import type { KnowledgeInstruments, Log } from '../platform/telemetry/index.ts';

export interface KnowledgeNewsDeps {
  db: Db;
  events: Happenings;
  instruments: KnowledgeInstruments;
  answered: KnowledgeNews['answered'];
  log: Log;
}

/** What becomes of documents, as events and as figures. The events are described in docs/how-to/events.md. */
export function createKnowledgeNews({ db, events, instruments, answered, log }: KnowledgeNewsDeps): KnowledgeNews {
  const publish = (what: string, org: string, data: Happening['data']) => {
    const type = `knowledge.${what}`;
    // Not waited for: it is committed already, and whoever sends a document waits for nobody who listens.
    events.publish(db, { type, org, subject: String(data.collection), data }).catch((err: unknown) => {
      log.warn({ err, type }, 'an event was not published');
    });
  };
  return {
    indexed({ collectionId: _, org, ...document }, change, tookMs) {
      instruments.document(change);
      instruments.indexed(tookMs);
      publish('document_indexed', org, { ...document, change });
    },
    removed({ collectionId: _, org, ...document }) {
      instruments.document('removed');
      publish('document_removed', org, { ...document });
    },
    answered,
    failed: () => instruments.document('failed'),
    collectionRemoved: (org, collection) => publish('collection_removed', org, { collection }),
  };
}
