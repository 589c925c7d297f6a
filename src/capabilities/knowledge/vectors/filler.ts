import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Embedder, Embedders } from '../../../platform/models/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { countChange } from '../collections/store.ts';
import { openedUnembedded, type Sealing } from '../sealing/index.ts';
import { embedPassages } from './embed-passages.ts';
import {
  addSpent,
  assignSpace,
  claim,
  dropSpaces,
  type Embedding,
  makeLive,
  markFilled,
  raiseGeneration,
  readEmbedding,
  type Space,
} from './spaces/store.ts';
import { addVectors, dropForeign, readMissing, type Unembedded } from './store.ts';

export interface FillDeps {
  db: Db;
  embedders: Embedders;
  clock: Clock;
  log: Log;
  replica: string;
  /** Who has not been seen at a collection for so long is gone. */
  goneAfterMs: number;
  /** The name of the model that the settings of a collection want. */
  modelOf(settings: unknown): string | undefined;
  /** Where collections may be encrypted. */
  sealing?: Sealing;
}

/** Passages without a vector, as they were before they were kept. */
async function readOpened(
  { db, sealing }: FillDeps,
  org: OrgId,
  of: Parameters<typeof readMissing>[2],
  which: Parameters<typeof readMissing>[3],
): Promise<Unembedded[]> {
  const missing = await readMissing(db, org, of, which);
  const seal = (await sealing?.of(db, org, [of.collection]))?.get(of.collection);
  return seal ? missing.map((one) => openedUnembedded(seal, org, of.collection, one)) : missing;
}

/** Passages that are sent to the model together, and vectors that are written together: the embedded database has one connection. */
const embeddedAtOnce = 64;
const writtenAtOnce = 4;
const droppedAtOnce = 200;
/** Passages that a model is tried with before it is taken to be out of order. */
const mostSamples = 10;
const beatMs = 5_000;

export interface Fill {
  org: OrgId;
  collection: number;
  /** Only of these; of all that it has when absent. */
  documents?: readonly number[];
}

/**
 * Brings the vectors of one collection to where its settings want them, or those of some of its documents: each step by itself,
 * so that what is cut off is gone on with. Does nothing while another replica is at it.
 */
export async function fill(deps: FillDeps, what: Fill, signal: AbortSignal): Promise<void> {
  if (!(await stay(deps, what))) return;
  // A model may take longer for its answer than a replica may be silent.
  const beat = setInterval(() => void stay(deps, what).catch(() => {}), beatMs);
  try {
    await fillClaimed(deps, what, signal);
  } finally {
    clearInterval(beat);
  }
}

async function fillClaimed(deps: FillDeps, what: Fill, signal: AbortSignal): Promise<void> {
  const { db, log } = deps;
  const { org, collection, documents } = what;
  const embedding = await readEmbedding(db, org, collection);
  if (!embedding) return;
  const wanted = deps.embedders.named(deps.modelOf(embedding.settings));
  if (!wanted) {
    await dropSpaces(db, org, collection, 'all');
    await countChange(db, org, collection);
    await sweep(deps, what, signal);
    await markFilled(db, org, collection, {});
    return;
  }
  const target = await spaceFor(deps, what, embedding, wanted, signal);
  const now = (await readEmbedding(db, org, collection)) ?? embedding;
  let added = 0;
  // What is searched goes on to learn of what is new while another space is being filled.
  for (const space of [now.live, now.filling]) {
    const embedder = space && deps.embedders.all.find(({ model }) => model === space.model);
    const more = embedder ? await fillSpace(deps, what, { space, embedder }, signal) : 0;
    if (more === undefined) return;
    added += more;
  }
  const isSwitched =
    documents === undefined &&
    now.filling !== undefined &&
    now.filling.id === target?.id &&
    (await makeLive(db, org, collection, target.id));
  // Rankings that are remembered were made without these.
  if (added > 0 || isSwitched) await countChange(db, org, collection);
  if (isSwitched) log.info({ orgId: org, collection: now.name, model: wanted.label }, 'other vectors are searched now');
  if (documents !== undefined || isSwitched) return; // searches that had begun still find what they look for
  await sweep(deps, what, signal);
  const version = embedding.version + (added > 0 ? 1 : 0);
  const { version: seen } = (await readEmbedding(db, org, collection)) ?? embedding;
  // What came meanwhile is looked at next time.
  if (seen === version) await markFilled(db, org, collection, { version, ...(target ? { space: target.id } : {}) });
}

/** Whether all is as `fill` would leave it. */
export function isFilled({ embedders, modelOf }: FillDeps, one: Embedding): boolean {
  const wanted = embedders.named(modelOf(one.settings));
  if (!wanted) return !one.isKept || (one.filledVersion !== undefined && !one.live && !one.filling);
  if (one.filledVersion !== one.version || one.filling) return false;
  return !one.live || (one.live.model === wanted.model && one.live.generation === one.generation);
}

async function stay({ db, replica, clock, goneAfterMs }: FillDeps, { org, collection }: Fill): Promise<boolean> {
  const now = clock.now();
  return await claim(db, org, collection, { replica, now, goneBefore: now - goneAfterMs });
}

/** The space that is to be filled; the model is asked for the length of its vectors where that is not known. */
async function spaceFor(
  deps: FillDeps,
  { org, collection }: Fill,
  { live, filling, generation }: Embedding,
  wanted: Embedder,
  signal: AbortSignal,
): Promise<Space | undefined> {
  const fits = (space: Space | undefined) => space?.model === wanted.model && space.generation === generation;
  if (fits(live)) {
    if (filling) await dropSpaces(deps.db, org, collection, 'filling');
    return live;
  }
  if (fits(filling)) return filling;
  const dimensions = await dimensionsOf(deps, { org, collection }, wanted, signal);
  if (dimensions === undefined) return undefined;
  await assignSpace(deps.db, org, collection, { model: wanted.model, dimensions, generation });
  const made = await readEmbedding(deps.db, org, collection);
  return [made?.live, made?.filling].find(fits);
}

/** By one passage, or the first that the model takes; undefined where there is none. */
async function dimensionsOf(
  deps: FillDeps,
  { org, collection }: Fill,
  wanted: Embedder,
  signal: AbortSignal,
): Promise<number | undefined> {
  let after = 0;
  for (let tried = 0; tried < mostSamples; tried++) {
    const [sample] = await readOpened(deps, org, { collection, space: 0 }, { after, limit: 1 });
    if (!sample) return undefined;
    const { vectors } = await embedPassages(wanted, [sample], signal);
    if (vectors[0]) return vectors[0].vector.length;
    after = sample.chunk;
  }
  throw new Error(`the model takes none of ${mostSamples} passages`);
}

/** How many it got; undefined when another replica has taken over. */
async function fillSpace(
  deps: FillDeps,
  what: Fill,
  { space, embedder }: { space: Space; embedder: Embedder },
  signal: AbortSignal,
): Promise<number | undefined> {
  const { db, log } = deps;
  const { org, collection, documents } = what;
  let after = 0;
  let added = 0;
  for (;;) {
    signal.throwIfAborted();
    if (!(await stay(deps, what))) return undefined;
    const missing = await readOpened(
      deps,
      org,
      { collection, space: space.id },
      { after, limit: embeddedAtOnce, ...(documents ? { documents } : {}) },
    );
    const last = missing.at(-1);
    if (!last) return added;
    after = last.chunk;
    const { vectors, refused, tokens } = await embedPassages(embedder, missing, signal);
    if (refused.length > 0) {
      const about = { orgId: org, passages: refused.slice(0, 10), model: embedder.label };
      log.warn(about, 'the model does not take some passages: they are found by words alone');
    }
    const cost = (tokens * (embedder.costPerMillionTokens ?? 0)) / 1_000_000;
    await addSpent(db, org, collection, { tokens, cost });
    if (vectors.some(({ vector }) => vector.length !== space.dimensions)) {
      await raiseGeneration(db, org, collection);
      throw new Error(
        `the model gives vectors of another length than the ${space.dimensions} before: all are made anew`,
      );
    }
    for (let start = 0; start < vectors.length; start += writtenAtOnce)
      added += await addVectors(
        db,
        org,
        { collection, space: space.id, dimensions: space.dimensions },
        vectors.slice(start, start + writtenAtOnce),
      );
  }
}

/** Removes what is in spaces that the collection does not have any more. */
async function sweep(deps: FillDeps, what: Fill, signal: AbortSignal): Promise<void> {
  while ((await dropForeign(deps.db, what.org, what.collection, droppedAtOnce)) > 0) {
    signal.throwIfAborted();
    if (!(await stay(deps, what))) return;
  }
}
