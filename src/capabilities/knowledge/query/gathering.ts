import type { Db } from '../../../platform/db/types.ts';
import type { Passage } from '../documents/store.ts';
import { createRemembered } from '../remembered.ts';
import { passageReading, type Sealing } from '../sealing/index.ts';
import type { Asker } from './asker.ts';
import { type Said, saidIn, spread } from './diversity.ts';
import type { Retrieved, ScoreParts } from './retrieve.ts';

export interface Found extends Passage {
  confidence: number;
  /** The words of the question that it has. */
  matched: string[];
  parts: ScoreParts;
}

/** Numbers of all passages that are remembered: 16 MiB. */
const mostNumbers = 4 * 1_024 * 1_024;

/**
 * Of what was ranked, the passages that are told, read as they stand now. Most of what is ranked is held against better ones
 * only, which needs what it says and not its text: that is remembered, but for encrypted passages.
 */
export function createGathering({ db, sealing }: { db: Db; sealing?: Sealing }) {
  const { readPassages } = passageReading(sealing);
  const remembered = createRemembered<Said>(mostNumbers, ({ words, runs }) => words.length + runs.length);

  /** @param wanted.except a document of which no passage is wanted */
  return async function gather(
    { org, subjects }: Asker,
    ranked: readonly Retrieved[],
    { limit, except }: { limit: number; except?: number },
  ): Promise<{ found: Found[]; confidence: number; isWhole: boolean }> {
    const passages = new Map<number, Passage>();
    const saying = new Map<number, Said>();
    const read = async (ids: readonly number[]) => {
      for (const passage of await readPassages(db, org, subjects, ids)) {
        passages.set(passage.id, passage);
        const said = saying.get(passage.id) ?? saidIn(passage);
        saying.set(passage.id, said);
        if (!passage.encrypted) remembered.keep(org, passage.id, said);
      }
      return ids.every((id) => passages.has(id));
    };
    for (const { chunkId } of ranked) {
      const said = remembered.get(org, chunkId);
      if (said) saying.set(chunkId, said);
    }
    const unknown = ranked.map(({ chunkId }) => chunkId).filter((id) => !saying.has(id));
    const isKnown = await read(unknown);
    const there = ranked.flatMap((one) => {
      const said = saying.get(one.chunkId);
      return said && said.document !== except ? [{ ...one, said }] : [];
    });
    const chosen = spread(there, limit);
    const isThere = await read(chosen.flatMap(({ chunkId }) => (passages.has(chunkId) ? [] : [chunkId])));
    const found = chosen.flatMap(({ chunkId, said: _, ...scores }): Found[] => {
      const passage = passages.get(chunkId);
      return passage ? [{ ...passage, ...scores }] : [];
    });
    const confidence = Math.max(0, ...there.slice(0, limit).map((one) => one.confidence));
    return { found, confidence, isWhole: isKnown && isThere };
  };
}
