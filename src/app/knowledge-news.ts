import type { KnowledgeNews } from '../capabilities/knowledge/index.ts';
import type { Json } from '../kernel/json.ts';
import type { Bus } from '../platform/bus/index.ts';
import type { KnowledgeInstruments, Log } from '../platform/telemetry/index.ts';

export interface KnowledgeNewsDeps {
  bus: Bus;
  instruments: KnowledgeInstruments;
  answered: KnowledgeNews['answered'];
  log: Log;
}

/** What becomes of documents, as events for every replica and as figures. The events are described in docs/how-to/knowledge.md. */
export function createKnowledgeNews({ bus, instruments, answered, log }: KnowledgeNewsDeps): KnowledgeNews {
  const publish = (topic: string, message: Json) => {
    bus.publish(topic, message).catch((err: unknown) => log.debug({ err, topic }, 'an event was not published'));
  };
  return {
    indexed({ collectionId: _, ...document }, change, tookMs) {
      instruments.document(change);
      instruments.indexed(tookMs);
      publish('document_indexed', { ...document, change });
    },
    removed({ collectionId: _, ...document }) {
      instruments.document('removed');
      publish('document_removed', { ...document });
    },
    answered,
    failed: () => instruments.document('failed'),
    collectionRemoved: (org, collection) => publish('collection_removed', { org, collection }),
  };
}
