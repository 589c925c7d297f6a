import type { Clock } from '../../kernel/clock.ts';
import { newId } from '../../kernel/ids.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { AuditQueueFull } from './errors.ts';
import type { Keeper } from './keep.ts';
import { readKept } from './kept.ts';
import type { Entry } from './lines.ts';
import type { ActIntent, AuditGap, AuditPrincipal, CallRecord } from './types.ts';

/** What operators let run without a record while there was no room, and what the chain says of it afterwards. */
export interface Gaps {
  /** Counts a record that is not kept. */
  drop(record: CallRecord): void;
  /** Writes into the chains what is missing of them: of gaps that are over, or of all. Says at times that some are open. */
  tell(which: 'over' | 'all'): Promise<void>;
  dropped(): number;
  open(): AuditGap[];
}

export interface GapsOptions {
  /** @throws AuditUnavailable */
  persist(entry: Entry): Promise<void>;
  hasRoom(): boolean;
  keeper: Keeper;
  clock: Clock;
  /** A gap is over when there is room and nothing was dropped for so long: an overload that comes and goes is one gap. */
  quietMs: number;
  log: Log;
}

interface Gap extends AuditGap {
  id: string;
  to: number;
  mayHaveChanged: number;
  /** Its intent is on record: what a crash leaves of it. */
  begun: Promise<void>;
}

/** The act by which a chain says that records of it are missing. */
const action = 'audit.drop';
const saidEveryMs = 10_000;

const system: AuditPrincipal = {
  id: 'system',
  kind: 'system',
  name: 'Fairlead',
  roles: [],
  credential: { kind: 'internal', id: 'system' },
};

export function createGaps({ persist, hasRoom, keeper, clock, quietMs, log }: GapsOptions): Gaps {
  const open = new Map<OrgId, Gap>();
  /** Over, and not in their chains yet. */
  let untold: Gap[] = [];
  let dropped = 0;
  let said = { at: Number.NEGATIVE_INFINITY, dropped: 0 };
  let telling = Promise.resolve();

  const begin = ({ org, at }: CallRecord): Gap => {
    const gap: Gap = {
      id: newId('act', clock.now()),
      org,
      from: at,
      to: at,
      records: 0,
      mayHaveChanged: 0,
      begun: none,
    };
    gap.begun = persist(keeper.intent(actOf(gap, { from: iso(at) }), clock.now())).catch((err: unknown) =>
      log.warn({ err, orgId: org }, 'that audit records are being dropped could not be put on record yet'),
    );
    open.set(org, gap);
    return gap;
  };

  const say = () => {
    const now = clock.now();
    if (dropped === said.dropped || now - said.at < saidEveryMs) return;
    const since = { dropped: dropped - said.dropped, inAll: dropped };
    log.warn(since, 'the audit queue is full and audit.whenFull is drop: calls run without their records');
    said = { at: now, dropped };
  };

  const isOver = ({ to }: Gap) => hasRoom() && clock.now() - to >= quietMs;

  const tellOne = async (gap: Gap) => {
    await gap.begun;
    const { from, to, records, mayHaveChanged } = gap;
    const detail = { from: iso(from), to: iso(to), records, mayHaveChanged };
    const end = { outcome: 'failed', errorCode: AuditQueueFull.code } as const;
    try {
      await persist(keeper.record({ ...actOf(gap, detail), ...end }));
      untold = untold.filter((each) => each !== gap);
      log.warn({ orgId: gap.org, ...detail }, 'audit records were dropped; the audit says so where they are missing');
    } catch (err) {
      log.warn({ err, orgId: gap.org }, 'a gap in the audit could not be put on record yet');
    }
  };

  const tellAll = async (which: 'over' | 'all') => {
    say();
    for (const gap of [...open.values()].filter((each) => which === 'all' || isOver(each))) {
      open.delete(gap.org);
      untold.push(gap);
    }
    for (const gap of [...untold]) await tellOne(gap);
  };

  return {
    drop(record) {
      const gap = open.get(record.org) ?? begin(record);
      gap.from = Math.min(gap.from, record.at);
      gap.to = Math.max(gap.to, clock.now());
      gap.records += 1;
      if (mayHaveChanged(record)) gap.mayHaveChanged += 1;
      dropped += 1;
      say();
    },
    tell(which) {
      telling = telling.then(() => tellAll(which));
      return telling;
    },
    dropped: () => dropped,
    open: () => [...untold, ...open.values()].map(({ org, from, records }) => ({ org, from, records })),
  };
}

/** Of a record's text: how many records its gap swallowed. Undefined when it tells of none, or not how many. */
export function droppedBy(body: string): { records?: number } | undefined {
  const kept = readKept(body);
  if (kept.kind !== 'act' || kept.action !== action) return undefined;
  const { records } = kept.detail as { records?: unknown };
  return typeof records === 'number' ? { records } : {};
}

const none = Promise.resolve();
const iso = (at: number) => new Date(at).toISOString();

function actOf({ id, org, from }: Gap, detail: ActIntent['detail']): ActIntent {
  return { id, org, at: from, kind: 'act', principal: system, action, subject: 'calls', detail };
}

const ran = new Set<CallRecord['outcome']>(['ok', 'tool_error', 'failed', 'cancelled']);

function mayHaveChanged({ annotations, outcome, replayed }: CallRecord): boolean {
  return annotations !== undefined && !annotations.readOnly && !replayed && ran.has(outcome);
}
