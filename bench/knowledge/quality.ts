import { report } from '../figures.ts';
import { openStorage } from '../storage.ts';
import { qualityOf, readBeir } from './beir.ts';
import { fillVectors, type ModelChoice, openEmbedders } from './embedding.ts';
import { kept } from './kept.ts';
import { sizeFigures, speedFigures } from './timing.ts';
import { ways, waysWith } from './ways.ts';
import { type Place, shownPlace } from './world.ts';

/** Through the way of every document; each is one of the collection, found where one of its passages is. */
export async function measureQuality(folder: string, place: Place, model: ModelChoice): Promise<void> {
  const collection = readBeir(folder);
  const storage = await openStorage(place.base);
  try {
    const world = await kept(storage, collection.documents, place.encrypted);
    const { documentOf } = world;
    const figures = await sizeFigures(world, documentOf.size);
    const documents = (collection.documents.length * 1_000) / world.ingestMs;
    figures.push({ what: 'ingestion', rounds: [documents], unit: 'documents/s' });
    if (world.unreadable > 0)
      figures.push({ what: 'without text', rounds: [world.unreadable], unit: 'documents', digits: 0 });
    const embedders = openEmbedders(model, storage.log);
    const filled = embedders && (await fillVectors(storage.database, embedders, storage.log, world.collection));
    if (filled) figures.push({ what: 'vectors', rounds: [(filled.made * 1_000) / filled.tookMs], unit: 'vectors/s' });
    for (const way of [...ways, ...(filled ? waysWith(filled.vectors) : [])]) {
      await way.prepare?.(world);
      const find = (query: string) => way.find(world, query, 100);
      const ranked = new Map<string, string[]>();
      for (const { id, text } of collection.queries) {
        const found = await way.find(world, text, 200); // several of one document count once
        ranked.set(id, [...new Set(found.flatMap((chunk) => documentOf.get(chunk) ?? []))]);
      }
      const { ndcgAt10, recallAt100, mrrAt10 } = qualityOf(collection, ranked);
      figures.push(
        { what: `${way.name}: nDCG@10`, rounds: [ndcgAt10], unit: '', goal: way.goal, digits: 4 },
        { what: `${way.name}: recall@100`, rounds: [recallAt100], unit: '', digits: 4 },
        { what: `${way.name}: MRR@10`, rounds: [mrrAt10], unit: '', digits: 4 },
        ...(await speedFigures(
          way.name,
          find,
          collection.queries.map(({ text }) => text),
        )),
      );
    }
    await filled?.vectors.stop();
    await embedders?.stop();
    const { documents: all, queries } = collection;
    report(
      `${folder} ${shownPlace(place)}: ${all.length} documents, ${documentOf.size} passages, ${queries.length} queries`,
      figures,
    );
  } finally {
    await storage.stop();
  }
}
