import { createHash, timingSafeEqual } from 'node:crypto';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import { readKept } from './kept.ts';
import type { Entry, IntentEntry, RecordEntry } from './lines.ts';
import type { Checkpoint, Head, RecordRow } from './rows.ts';
import { appendRows, findRecorded, insertHead, readHead, readPurge, upsertIntents } from './store.ts';

/**
 * One chain per organisation: each record's hash covers its RFC 8785 text, its number and the hash before it.
 * Numbers are given under a lock on the chain's head, so that all replicas add to the same chain.
 */
export interface Chain {
  /**
   * Adds what is not there yet; the same entries may come any number of times. Intents are kept until their record
   * comes.
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
}

export function createChain(keyring: Keyring): Chain {
  const signHead = (org: OrgId, seq: number, hash: string) =>
    keyring.hash('audit-checkpoints', JSON.stringify(['head', org, seq, hash]));
  const signCheckpoint = (org: OrgId, { seq, hash, at }: Omit<Checkpoint, 'signature'>) =>
    keyring.hash('audit-checkpoints', JSON.stringify(['checkpoint', org, seq, hash, at]));
  const orgDigest = (org: OrgId) => keyring.hash('audit-digests', JSON.stringify(['organisation', org]));

  const begin = async (trx: Db, org: OrgId, since: number | undefined): Promise<Head> => {
    const hash = genesis(org);
    await insertHead(trx, org, { hash, signature: signHead(org, 0, hash), ...(since === undefined ? {} : { since }) });
    const made = await readHead(trx, org, true);
    if (!made) throw new Error('the head of an audit chain vanished while it was made');
    return made;
  };

  const lock = async (trx: Db, org: OrgId) =>
    (await readHead(trx, org, true)) ?? begin(trx, org, await readPurge(trx, orgDigest(org)));

  const appendIn = async (trx: Db, org: OrgId, entries: readonly RecordEntry[]) => {
    const known = await readHead(trx, org, true);
    const since = known ? known.since : await readPurge(trx, orgDigest(org));
    const fresh = entries
      .map((entry) => ({ entry, columns: columnsOf(entry.body) }))
      .filter(({ columns }) => since === undefined || columns.at > since);
    if (fresh.length === 0) return;
    let { seq, hash } = known ?? (await begin(trx, org, since));
    const recorded = await findRecorded(
      trx,
      org,
      fresh.map(({ entry }) => entry.id),
    );
    const rows: RecordRow[] = [];
    for (const { entry, columns } of fresh) {
      const { id, inferred, body } = entry;
      const before = recorded.get(id);
      // A true end is kept beside one that was only inferred; anything else under a known id came twice.
      const isNew = before === undefined || (before && !inferred);
      if (!isNew) continue;
      recorded.set(id, inferred);
      seq += 1;
      hash = hashOf(hash, seq, body);
      rows.push({ ...columns, id, inferred, body, seq, hash });
    }
    if (rows.length === 0) return;
    await appendRows(
      trx,
      org,
      rows,
      { seq, hash, signature: signHead(org, seq, hash) },
      rows.map(({ id }) => id),
    );
  };

  return {
    appendIn,
    lock,
    orgDigest,
    async append(db, org, entries) {
      const records = entries.filter((entry) => entry.type === 'record');
      const ended = new Set(records.map(({ id }) => id));
      const open = latestIntents(entries.filter((entry) => entry.type === 'intent').filter(({ id }) => !ended.has(id)));
      if (records.length === 0) {
        if (open.length > 0) await upsertIntents(db, org, orgDigest(org), open);
        return;
      }
      await db.transaction().execute(async (trx) => {
        await appendIn(trx, org, records);
        if (open.length > 0) await upsertIntents(trx, org, orgDigest(org), open);
      });
    },
    headIsGenuine: (org, head) => same(head.signature, signHead(org, head.seq, head.hash)),
    sign: (org, checkpoint) => ({ ...checkpoint, signature: signCheckpoint(org, checkpoint) }),
    checkpointIsGenuine: (org, checkpoint) => same(checkpoint.signature, signCheckpoint(org, checkpoint)),
  };
}

/** What comes before the first record of an organisation. */
export function genesis(org: OrgId): string {
  return createHash('sha256').update(`fairlead audit\n${org}`).digest('hex');
}

/** Hex SHA-256 over the hash before, the number and the RFC 8785 text, parted by line feeds. */
export function hashOf(before: string, seq: number, body: string): string {
  return createHash('sha256').update(`${before}\n${seq}\n${body}`).digest('hex');
}

/** What a row repeats of its body, so that it can be found. */
export function columnsOf(
  body: string,
): Pick<RecordRow, 'at' | 'kind' | 'principal' | 'tool' | 'outcome' | 'parent'> & { org: string; id: string } {
  const kept = readKept(body);
  const call = kept.kind === 'call' ? kept : undefined;
  return {
    org: kept.org,
    id: kept.id,
    at: kept.at,
    kind: kept.kind,
    principal: kept.principal.id,
    tool: call?.tool ?? null,
    outcome: kept.outcome,
    parent: call?.parentCallId ?? null,
  };
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
