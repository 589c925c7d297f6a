import { hash as digest, timingSafeEqual } from 'node:crypto';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import { columnsIn, readKept } from './kept.ts';
import type { Entry, IntentEntry, RecordEntry } from './lines.ts';
import type { Checkpoint, Head, RecordRow, RowColumns } from './rows.ts';
import {
  appendRows,
  findRecorded,
  insertHead,
  listChains,
  readCheckpoint,
  readHead,
  readPurge,
  signCheckpointAnew,
  signHeadAnew,
  upsertIntents,
} from './store.ts';

/**
 * One chain per organisation: each record's hash covers its RFC 8785 text, its number and the hash before it.
 * Numbers are given under a lock on the chain's head, so that all replicas add to the same chain.
 */
export interface Chain {
  /**
   * Adds what is not there yet; the same entries may come any number of times, and must after a failure. Intents are
   * kept until their record comes.
   */
  append(db: Db, org: OrgId, entries: readonly Entry[]): Promise<void>;
  /** The same inside the caller's transaction, which must not have touched the intents before. */
  appendIn(trx: Db, org: OrgId, entries: readonly RecordEntry[]): Promise<void>;
  /** Locks the chain until the transaction ends; makes it when it does not exist. */
  lock(trx: Db, org: OrgId): Promise<Head>;
  headIsGenuine(org: OrgId, head: Head): boolean;
  sign(org: OrgId, checkpoint: Omit<Checkpoint, 'signature'>): Checkpoint;
  checkpointIsGenuine(org: OrgId, checkpoint: Checkpoint): boolean;
  orgDigest(org: OrgId): string;
  /** Every digest under which a removal may have been noted. */
  orgDigests(org: OrgId): readonly string[];
  /**
   * Signs head and checkpoint of each chain under the current secret where they are signed under another one that is
   * known. Resolves to how many that were; what nobody signed that is known stays as it is, and shows as a fault.
   */
  signAnew(db: Db): Promise<number>;
}

interface Prepared {
  entry: RecordEntry;
  columns: RowColumns;
}

/** While other replicas add to a chain as well, so many appends take the lock without trying the short way. */
const triesAfterMiss = 8;
const rememberedHeads = 10_000;

export function createChain(keyring: Keyring): Chain {
  /** Where each chain stood when this replica last added to it. */
  const lastHeads = new Map<OrgId, Head>();
  const misses = new Map<OrgId, number>();

  // With `since`, from which on records count: whoever moves it ahead would silence the chain.
  const headText = (org: OrgId, seq: number, hash: string, since: number | undefined) =>
    JSON.stringify(['head', org, seq, hash, since ?? null]);
  const signHead = (...head: Parameters<typeof headText>) => keyring.hash('audit-checkpoints', headText(...head));
  const checkpointText = (org: OrgId, { seq, hash, at }: Omit<Checkpoint, 'signature'>) =>
    JSON.stringify(['checkpoint', org, seq, hash, at]);
  /** Under the current secret, or one that it takes the place of. */
  const isSigned = (signature: string, text: string) =>
    keyring.hashes('audit-checkpoints', text).some((signed) => same(signature, signed));
  const isGenuine = (org: OrgId, { seq, hash, since, signature }: Head) =>
    isSigned(signature, headText(org, seq, hash, since));
  const orgDigests = (org: OrgId) => keyring.hashes('audit-digests', JSON.stringify(['organisation', org]));
  const orgDigest = (org: OrgId) => keyring.hash('audit-digests', JSON.stringify(['organisation', org]));

  const begin = async (trx: Db, org: OrgId, since: number | undefined): Promise<Head> => {
    const hash = genesis(org);
    await insertHead(trx, org, {
      hash,
      signature: signHead(org, 0, hash, since),
      ...(since === undefined ? {} : { since }),
    });
    const made = await readHead(trx, org, true);
    if (!made) throw new Error('the head of an audit chain vanished while it was made');
    return made;
  };

  const lock = async (trx: Db, org: OrgId) =>
    (await readHead(trx, org, true)) ?? begin(trx, org, await readPurge(trx, orgDigests(org)));

  /** The rows that these entries become after `head`, and the head after them. */
  const link = (org: OrgId, head: Head, prepared: readonly Prepared[], recorded: Map<string, boolean>) => {
    let { seq, hash } = head;
    const rows: RecordRow[] = [];
    for (const { entry, columns } of prepared) {
      const { id, body } = entry;
      const { inferred } = columns;
      const before = recorded.get(id);
      // A true end is kept beside one that was only inferred; anything else under a known id came twice.
      if (before !== undefined && (!before || inferred)) continue;
      recorded.set(id, inferred);
      seq += 1;
      hash = hashOf(hash, seq, body);
      rows.push({ ...columns, id, body, seq, hash });
    }
    return { rows, next: { ...head, seq, hash, signature: signHead(org, seq, hash, head.since) } };
  };

  const appendIn = async (trx: Db, org: OrgId, entries: readonly RecordEntry[]): Promise<Head | undefined> => {
    const known = await readHead(trx, org, true);
    const claimed = known && isGenuine(org, known) ? known.since : undefined;
    const since = known ? claimed : await readPurge(trx, orgDigests(org));
    const prepared = prepare(entries, since);
    if (prepared.length === 0) return known;
    // A forged date is not signed anew: the head stays a fault.
    const head = known ? { ...known, since: claimed } : await begin(trx, org, since);
    const ids = prepared.map(({ entry }) => entry.id);
    const { rows, next } = link(org, head, prepared, await findRecorded(trx, org, ids));
    if (rows.length === 0) return head;
    await appendRows(trx, org, head, rows, next, 'known');
    return next;
  };

  /**
   * Mostly nobody else has added to a chain since we did, and no entry comes twice: then one statement does what
   * takes a transaction of six otherwise. When either is not so, it does nothing.
   */
  const appendAtOnce = async (db: Db, org: OrgId, entries: readonly RecordEntry[]): Promise<boolean> => {
    const head = lastHeads.get(org);
    const missed = misses.get(org) ?? 0;
    if (missed > 0) misses.set(org, missed - 1);
    if (!head || missed > 0) return false;
    const { rows, next } = link(org, head, prepare(entries, head.since), new Map());
    if (rows.length === 0) return true;
    // Until it is known how this ends, nobody may build on the head of before.
    lastHeads.delete(org);
    const appended = await appendRows(db, org, head, rows, next, 'new');
    if (appended) lastHeads.set(org, next);
    else misses.set(org, triesAfterMiss);
    return appended;
  };

  const appendLocked = async (db: Db, org: OrgId, entries: readonly RecordEntry[]) => {
    const head = await db.transaction().execute((trx) => appendIn(trx, org, entries));
    if (lastHeads.size >= rememberedHeads) lastHeads.clear();
    if (head) lastHeads.set(org, head);
  };

  return {
    async appendIn(trx, org, entries) {
      await appendIn(trx, org, entries);
    },
    lock,
    orgDigest,
    orgDigests,
    async signAnew(db) {
      let signed = 0;
      for (const org of await listChains(db)) {
        const head = await readHead(db, org, false);
        if (head) {
          const signature = signHead(org, head.seq, head.hash, head.since);
          if (!same(signature, head.signature) && isGenuine(org, head)) {
            await signHeadAnew(db, org, head, signature);
            lastHeads.delete(org);
            signed++;
          }
        }
        const checkpoint = await readCheckpoint(db, org);
        if (!checkpoint) continue;
        const text = checkpointText(org, checkpoint);
        const signature = keyring.hash('audit-checkpoints', text);
        if (same(signature, checkpoint.signature) || !isSigned(checkpoint.signature, text)) continue;
        await signCheckpointAnew(db, org, checkpoint, signature);
        signed++;
      }
      return signed;
    },
    async append(db, org, entries) {
      const records = entries.filter((entry) => entry.type === 'record');
      const ended = new Set(records.map(({ id }) => id));
      const open = latestIntents(entries.filter((entry) => entry.type === 'intent').filter(({ id }) => !ended.has(id)));
      if (records.length > 0 && !(await appendAtOnce(db, org, records))) await appendLocked(db, org, records);
      if (open.length > 0) await upsertIntents(db, org, orgDigests(org), open);
    },
    headIsGenuine: isGenuine,
    sign: (org, checkpoint) => ({
      ...checkpoint,
      signature: keyring.hash('audit-checkpoints', checkpointText(org, checkpoint)),
    }),
    checkpointIsGenuine: (org, checkpoint) => isSigned(checkpoint.signature, checkpointText(org, checkpoint)),
  };
}

/** What comes before the first record of an organisation. */
export function genesis(org: OrgId): string {
  return digest('sha256', `fairlead audit\n${org}`);
}

/** Hex SHA-256 over the hash before, the number and the RFC 8785 text, parted by line feeds. */
export function hashOf(before: string, seq: number, body: string): string {
  return digest('sha256', `${before}\n${seq}\n${body}`);
}

/** What happened before the organisation was removed stays away. */
function prepare(entries: readonly RecordEntry[], since: number | undefined): Prepared[] {
  return entries
    .map((entry) => ({ entry, columns: entry.columns ?? columnsIn(readKept(entry.body)) }))
    .filter(({ columns }) => since === undefined || columns.at > since);
}

function latestIntents(intents: readonly IntentEntry[]): IntentEntry[] {
  const latest = new Map<string, IntentEntry>();
  for (const intent of intents) {
    if ((latest.get(intent.id)?.saidAt ?? 0) <= intent.saidAt) latest.set(intent.id, intent);
  }
  return [...latest.values()];
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
