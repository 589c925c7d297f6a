import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import { type Chain, genesis, hashOf } from './chain.ts';
import { droppedBy } from './gaps.ts';
import { columnsIn, readKept } from './kept.ts';
import type { Checkpoint, RecordRow, RowColumns } from './rows.ts';
import { pageBySeq, readCheckpoint, readHead, readPurge } from './store.ts';
import type { Anchor, ChainFault, FaultKind, Verification, VerifyOptions } from './types.ts';

const pageSize = 500;
const maxFaults = 100;

/**
 * Walks an organisation's chain from its checkpoint, or its beginning, to the head that stands when it starts, while
 * records may be added and old ones deleted. Finds an edit, a gap, and a deletion at either end; with an anchor also a
 * chain that is gone with its head or was put back to an older one.
 */
export async function verifyChain(
  db: Db,
  org: OrgId,
  chain: Chain,
  { anchor, onProgress = () => {} }: VerifyOptions = {},
): Promise<Verification> {
  const head = await readHead(db, org, false);
  let checkpoint = await readCheckpoint(db, org);
  const to = head?.seq ?? 0;
  let last: Link = checkpoint ?? { seq: 0, hash: genesis(org) };
  let start = last.seq;
  let checked = 0;
  const dropped = { records: 0, gaps: 0 };
  const faults: ChainFault[] = [];
  const fault = (kind: FaultKind, seq: number, detail: string) => {
    if (faults.length < maxFaults) faults.push({ kind, seq, detail });
  };
  const checkCheckpoint = (found: Checkpoint) => {
    if (chain.checkpointIsGenuine(org, found)) return;
    fault('checkpoint', found.seq, 'the signature of the checkpoint is not ours, or the secret is another one now');
  };

  /** The hash that the chain has at the number of the anchor. */
  let found: string | undefined;
  const pass = (link: Link) => {
    if (link.seq === anchor?.seq) found ??= link.hash;
    last = link;
  };

  pass(last);
  if (checkpoint) checkCheckpoint(checkpoint);
  if (head && !chain.headIsGenuine(org, head)) {
    fault('head', to, 'the signature of the head is not ours, or the secret is another one now');
  }
  if (to < start) fault('head', to, `the head is missing or stands before the checkpoint at ${start}`);
  const [early] = await pageBySeq(db, org, 0, start, 1);
  if (early) fault('checkpoint', early.seq, 'a record stands before the beginning of the chain');

  while (last.seq < to) {
    const page = without(await pageBySeq(db, org, last.seq, to, pageSize), last);
    const first = page[0];
    if (first?.seq !== last.seq + 1) {
      // Retention may have deleted what was about to be read.
      const moved = await readCheckpoint(db, org);
      if (moved && moved.seq > last.seq && moved.seq !== checkpoint?.seq) {
        checkpoint = moved;
        checkCheckpoint(moved);
        pass(moved);
        start = moved.seq;
        continue;
      }
    }
    if (!first) {
      fault('tail', last.seq + 1, `the chain should go on to ${to} and ends at ${last.seq}`);
      break;
    }
    for (const row of page) {
      const problem = problemOf(org, row, last);
      if (problem) fault(problem.kind, row.seq, problem.detail);
      const gap = !problem && row.kind === 'act' ? droppedBy(row.body) : undefined;
      if (gap) dropped.gaps += 1;
      dropped.records += gap?.records ?? 0;
      checked += 1;
      pass(row);
    }
    onProgress(checked, to - start);
  }
  if (head && last.seq === to && last.hash !== head.hash) {
    fault('tail', to, 'the last record is not the one that the head names');
  }

  // Read before the head is read again: what is added meanwhile moves the head as well.
  const [beyond] = await pageBySeq(db, org, Math.max(to, start) + 1, Number.MAX_SAFE_INTEGER, 1);
  const now = beyond && (await readHead(db, org, false));
  if (beyond && !now) fault('head', 0, 'the head is missing, and records are there');
  if (beyond && beyond.seq > (now?.seq ?? 0)) fault('tail', beyond.seq, 'a record stands beyond the head of the chain');

  const problem = anchor && anchorProblem(anchor, { start, to, found });
  if (anchor && problem) fault('anchor', anchor.seq, `${problem}${await removalOf(db, org, chain)}`);
  const holds = to > start;
  return {
    org,
    ok: faults.length === 0,
    checked,
    from: holds ? start + 1 : 0,
    to: holds ? to : 0,
    faults,
    ...(dropped.gaps > 0 ? { dropped } : {}),
    ...(head && to > 0 ? { head: { seq: to, hash: head.hash } } : {}),
    ...(anchor && !problem ? { anchor: { seq: anchor.seq, compared: found === undefined ? 'number' : 'hash' } } : {}),
  };
}

/** Why the chain is not the one of the anchor. What the retention deleted can only be counted. */
function anchorProblem(
  anchor: Anchor,
  { start, to, found }: { start: number; to: number; found: string | undefined },
): string | undefined {
  if (to === 0) return 'the chain held this record, and is gone';
  if (to < anchor.seq) return `the chain held this record, and ends at ${to} now`;
  if (found === undefined) return anchor.seq < start ? undefined : 'the chain held this record, and it is missing now';
  return found === anchor.hash ? undefined : 'this record is another one than it was, or the chain before it';
}

/** Whoever can delete a chain can also note a removal, so it is told as a hint, and where to look. */
async function removalOf(db: Db, org: OrgId, chain: Chain): Promise<string> {
  const at = await readPurge(db, chain.orgDigests(org));
  if (at === undefined) return '';
  const when = new Date(at).toISOString();
  return `; an organisation of this name is noted as removed at ${when}, which is true if an act orgs.purge is on record`;
}

interface Link {
  seq: number;
  hash: string;
}

/** The page overlaps by one, so that a number given twice shows also where two pages meet. */
function without(page: readonly RecordRow[], last: Link): RecordRow[] {
  const seen = page.findIndex((row) => row.seq === last.seq && row.hash === last.hash);
  return page.filter((_, index) => index !== seen);
}

function problemOf(org: OrgId, row: RecordRow, last: Link): { kind: FaultKind; detail: string } | undefined {
  if (row.seq !== last.seq + 1) {
    const missing = row.seq - last.seq - 1;
    return missing > 0
      ? { kind: 'gap', detail: `${missing} records before it are missing` }
      : { kind: 'edited', detail: 'its number is given twice' };
  }
  if (hashOf(last.hash, row.seq, row.body) !== row.hash) {
    return { kind: 'edited', detail: 'its hash does not fit its text, its number and the record before it' };
  }
  let told: RowColumns & { org: string; id: string };
  try {
    const kept = readKept(row.body);
    told = { org: kept.org, id: kept.id, ...columnsIn(kept) };
  } catch {
    return { kind: 'edited', detail: 'its text is not JSON' };
  }
  const { org: bodyOrg, id, at, kind, principal, tool, outcome, parent, inferred, cost } = told;
  const agrees =
    bodyOrg === org &&
    id === row.id &&
    at === row.at &&
    kind === row.kind &&
    principal === row.principal &&
    tool === row.tool &&
    outcome === row.outcome &&
    parent === row.parent &&
    inferred === row.inferred &&
    cost === row.cost;
  return agrees ? undefined : { kind: 'edited', detail: 'its columns do not agree with its text' };
}
