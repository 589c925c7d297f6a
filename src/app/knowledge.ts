import { join } from 'node:path';
import { subjectsOf } from '../capabilities/access/index.ts';
import { instructionsIn } from '../capabilities/catalog/index.ts';
import {
  createKnowledge,
  createPages,
  createReader,
  createVaults,
  openSource,
} from '../capabilities/knowledge/index.ts';
import type { Settings } from '../config/schema.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Happenings } from '../kernel/events.ts';
import type { Database } from '../platform/db/index.ts';
import type { Egress } from '../platform/http/index.ts';
import type { Keyring } from '../platform/keyring/index.ts';
import { createEmbedders, createReranker } from '../platform/models/index.ts';
import type { Processes } from '../platform/process/index.ts';
import type { Log, Metrics } from '../platform/telemetry/index.ts';
import { openChat } from './chat.ts';
import { createKnowledgeNews } from './knowledge-news.ts';
import { createModelKeys } from './model-keys.ts';
import { requireSecrets } from './secrets.ts';

interface Deps {
  settings: Settings;
  database: Database;
  events: Happenings;
  keyring: Keyring;
  egress: Egress;
  processes: Processes;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  replicaId: string;
  version: string;
}

/** The team's documents, with the models that help to find them. */
export function composeKnowledge(deps: Deps) {
  const { settings, database, events, keyring, egress, processes, clock, log, metrics, replicaId, version } = deps;
  const { db } = database;
  let { baseDir } = settings;
  const { reranker } = settings.models;
  const modelKeys = createModelKeys(settings.models, egress);
  const fetchModel = modelKeys.fetch;
  const embedders = createEmbedders({
    settings: settings.models,
    fetch: fetchModel,
    processes,
    log,
    spent: metrics.counter('fairlead_embedding_tokens_total', 'Tokens that embedding models were given'),
  });
  const knowledge = createKnowledge({
    db,
    reader: createReader({ workers: settings.knowledge.readers, processes, log }),
    clock,
    log,
    replica: replicaId,
    alone: database.kind === 'embedded',
    waiting: () => database.usage().waiting,
    declared: settings.knowledge.collections,
    search: settings.knowledge.search,
    ...(reranker ? { reranker: createReranker({ settings: reranker, fetch: fetchModel }) } : {}),
    embedders,
    openSource: (org, source) =>
      openSource(requireSecrets(source), {
        baseDir,
        dataDir: join(settings.dataDir, 'knowledge', org),
        trusted: true, // sources stand in the operator's file
        egress,
        processes,
        userAgent: `fairlead/${version}`,
      }),
    fetchPage: createPages({ egress, userAgent: `fairlead/${version}` }),
    subjectsOf,
    findInstructions: instructionsIn,
    chat: openChat(settings.models.chat, { fetch: fetchModel, metrics }),
    news: createKnowledgeNews({
      ...{ db, events, log, answered: metrics.answer },
      instruments: metrics.watchKnowledge(() => knowledge.lags()),
    }),
    sources: settings.knowledge.sources,
    vaults: createVaults(keyring, settings.knowledge.encryption),
  });
  return {
    knowledge,
    embedders,
    modelKeys,
    /** What paths of sources are relative to from the next look at them on. */
    setBaseDir(next: string) {
      baseDir = next;
    },
  };
}
