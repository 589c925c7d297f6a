import type { Decision, InputRequest, MadeBackup, Operation, Outcome, Surface } from '../../kernel/call.ts';
import type { Cost } from '../../kernel/cost.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Annotations, ItemStatus, ToolResult } from '../../kernel/tool.ts';
import type { Db } from '../../platform/db/index.ts';

/** Who called, with the roles, teams and scopes it had then. */
export type AuditPrincipal = Pick<Principal, 'id' | 'name' | 'kind' | 'roles' | 'teams' | 'credential'> &
  Partial<Pick<Principal, 'scopes'>>;

/** What is known of a call before it is dispatched. */
export interface CallIntent {
  /** The call's id. */
  id: string;
  org: OrgId;
  /** Milliseconds since the epoch. */
  at: number;
  kind: 'call';
  principal: AuditPrincipal;
  surface: Surface;
  operation: Operation;
  /** Canonical id, or what the caller named when nothing was found by that name. */
  tool?: string;
  toolDigest?: string;
  toolStatus?: ItemStatus;
  toolTags?: readonly string[];
  annotations?: Annotations;
  endpoint?: string;
  parentCallId?: string;
  arguments: JsonObject;
  rule?: string;
  upstream?: string;
  traceId?: string;
  clientAddress?: string;
  decision?: Decision;
  /** What was saved before it. */
  backup?: MadeBackup;
}

/** The account of one call that is over. */
export interface CallRecord extends CallIntent {
  result?: ToolResult | JsonObject;
  outcome: Outcome;
  errorCode?: string;
  durationMs: number;
  /** Absent for a call that was not made. */
  cost?: Cost;
  /** Nothing ran: this is what the call of `parentCallId` came to, told again under the same idempotency key. */
  replayed?: true;
}

/** What is known of an administrative act before it is done. */
export interface ActIntent {
  /** The act's id. */
  id: string;
  org: OrgId;
  /** Milliseconds since the epoch. */
  at: number;
  kind: 'act';
  principal: AuditPrincipal;
  /** Such as `keys.create`. */
  action: string;
  /** What it was done to: an id or a name. */
  subject: string;
  detail: JsonObject;
}

/** The account of one administrative act that is over. */
export interface ActRecord extends ActIntent {
  outcome: 'ok' | 'denied' | 'failed';
  errorCode?: string;
}

/** What a call asks its caller meanwhile. */
export type Question = InputRequest;

/** A question to the caller as it is kept: bodies redacted and cut, digests over what came whole. */
export interface KeptQuestion {
  method: Question['method'];
  /** Milliseconds since the epoch. */
  askedAt: number;
  params: Json;
  paramsDigest?: string;
  paramsBytes?: number;
  /** Neither this nor `unanswered` is there when the call was over before the answer came. */
  answeredAt?: number;
  /** What the caller did with an elicitation: accept, decline or cancel. */
  action?: string;
  /** The content of an elicitation, or the whole answer to another question. */
  answer?: Json;
  answerDigest?: string;
  answerBytes?: number;
  /** Why no answer came. */
  unanswered?: string;
}

/** A call as it is kept: bodies redacted and cut, digests over what came whole. */
export interface KeptCall extends Omit<CallIntent, 'arguments' | 'decision' | 'backup'>, Closed {
  arguments: Json;
  /** `hmac-sha256:<hex>`: equal arguments have equal digests, and nothing else can be read from it. */
  argumentsDigest?: string;
  /** Length of the whole arguments as JSON, when what is kept was cut. */
  argumentsBytes?: number;
  result?: Json;
  resultDigest?: string;
  resultBytes?: number;
  /** What it asked its caller, in order. */
  questions?: KeptQuestion[];
  /** How often it asked beyond those, by method and end. */
  moreQuestions?: Record<string, number>;
  outcome: Outcome;
  errorCode?: string;
  durationMs?: number;
  cost?: Cost;
  replayed?: true;
  decision?: Json;
  /** What was saved before it: the `tool` and the `callId` that did, and the `id` of what it made, or why it `failed`. */
  backup?: Json;
  replica: string;
}

/** Which calls are gone over again. */
export interface CallSpan {
  /** Milliseconds since the epoch; inclusive. */
  since?: number | undefined;
  /** Milliseconds since the epoch; exclusive. */
  until?: number | undefined;
}

/** What calls of one principal of one tool have cost on one day (UTC), in one currency. */
export interface Spending {
  /** `2026-11-30` */
  day: string;
  principal: string;
  tool: string;
  /** Empty for those that cost no money. */
  currency: string;
  calls: number;
  units: number;
  tokens: number;
  amount: number;
}

/** An act as it is kept. */
export interface KeptAct extends Omit<ActRecord, 'detail'>, Closed {
  detail: Json;
  replica: string;
}

/** What a record says that Fairlead itself made for want of an end. */
interface Closed {
  /** The server ended in the middle: whether it took effect is not known. */
  outcomeUnknown?: true;
  closedAt?: number;
}

/** A record with its place in the chain of its organisation. */
export type AuditRecord = (KeptCall | KeptAct) & { seq: number; hash: string };

export interface AuditFilter {
  tool?: string;
  /** A principal's id. */
  principal?: string;
  outcome?: Outcome;
  kind?: 'call' | 'act';
  /** The id of the call that made these calls. */
  parent?: string;
  /** Milliseconds since the epoch; inclusive. */
  since?: number;
  /** Milliseconds since the epoch; exclusive. */
  until?: number;
}

export interface AuditPage {
  records: AuditRecord[];
  /** Absent on the last page. */
  next?: string;
}

/** Records of one organisation that were dropped since `from`, and that its chain does not tell of yet. */
export interface AuditGap {
  org: OrgId;
  /** Milliseconds since the epoch. */
  from: number;
  records: number;
}

/** A reserved place in the queue: `record` uses it up, `release` gives it back. */
export interface AuditPlace {
  /** Does nothing when the place was used or released before. */
  release(): void;
}

/** A question that is on its way; exactly one of these ends it. */
export interface AskedQuestion {
  /**
   * Takes the answer into the account of its call; durable when it resolves, and not to be used before.
   * @param intent what is known of the call by now
   * @throws AuditUnavailable
   */
  answered(intent: CallIntent, answer: JsonObject): Promise<void>;
  unanswered(reason: string): void;
}

export type FaultKind = 'gap' | 'edited' | 'tail' | 'head' | 'checkpoint' | 'anchor';

/** Where a chain stood at some time, kept outside of the database. */
export interface Anchor {
  seq: number;
  hash: string;
}

export interface ChainFault {
  kind: FaultKind;
  seq: number;
  detail: string;
}

export interface Verification {
  org: OrgId;
  ok: boolean;
  /** Records looked at. */
  checked: number;
  /** First and last sequence number that the chain should hold; 0 when it holds none. */
  from: number;
  to: number;
  /** The first hundred. */
  faults: ChainFault[];
  /** What the chain itself tells that it lacks; `records` is too low where a crash cut the account of a gap. */
  dropped?: { records: number; gaps: number };
  /** Where the chain stands: an anchor for later. Absent while it has no record. */
  head?: Anchor;
  /** What could be held against the anchor: only its number once the retention has deleted its record. */
  anchor?: { seq: number; compared: 'hash' | 'number' };
}

export interface VerifyOptions {
  /** The chain must hold this record: what was deleted with its head, or put back to an older one, shows nowhere else. */
  anchor?: Anchor | undefined;
  onProgress?: (checked: number, of: number) => void;
}

export interface AuditStats {
  /** Places taken, of `queueSize`. */
  queued: number;
  queueSize: number;
  /** Records that were not kept since the start, as `whenFull: drop` has it. */
  dropped: number;
  gaps: AuditGap[];
  /** Bytes of the write-ahead file that the database does not have yet. */
  unshippedBytes: number;
  /** When the oldest of them was written, milliseconds since the epoch. */
  oldestUnshippedAt?: number;
  /** Age of the oldest of them. */
  lagMs: number;
  databaseAway: boolean;
  /** Lines of the write-ahead file that could not be read since the start. */
  damagedLines: number;
  /** Records that the database refused for their content since the start; kept in `rejected.jsonl`. */
  rejected: number;
}

export interface Audit {
  /**
   * @param options with `mayDrop`, and where the settings say that records are dropped when the queue is full, a place is
   *   given in any case: unless there is room when it is used, nothing of its call is kept and the record is counted
   * @throws AuditQueueFull, ShuttingDown
   */
  reserve(options?: { mayDrop?: boolean }): AuditPlace;
  /**
   * Says what is about to be done; durable when it resolves. Said again with the same id, the later one counts.
   * @throws AuditUnavailable
   */
  intend(place: AuditPlace, intent: CallIntent | ActIntent): Promise<void>;
  /** Notes that the call of this place puts a question to its caller; it comes with the call's record. */
  ask(place: AuditPlace, question: Question): AskedQuestion;
  /**
   * Ends the account of a call or an act and closes its intent; durable when it resolves.
   * @throws AuditUnavailable
   */
  record(place: AuditPlace, record: CallRecord | ActRecord): Promise<void>;
  /**
   * Newest first. Sees everything that this replica made durable.
   * @param cursor `next` of the page before
   * @param limit records on a page, at most 500
   * @throws InvalidRequest for a malformed cursor
   */
  list(org: OrgId, filter?: AuditFilter, cursor?: string, limit?: number): Promise<AuditPage>;
  /** The latest account of a call or act. @throws NotFound */
  get(org: OrgId, id: string): Promise<AuditRecord>;
  /** One record a line, oldest first, of everything there was when it began. */
  exportJsonl(org: OrgId, filter?: AuditFilter): AsyncIterable<string>;
  /** Every call of a span, newest first, page by page; what is open meanwhile is one page. */
  calls(org: OrgId, span: CallSpan): AsyncIterable<KeptCall[]>;
  /**
   * What was spent by records that come after one, and up to which these are; at most so many are looked at. Undefined when
   * there are none.
   */
  spendingAfter(org: OrgId, seq: number, records: number): Promise<{ upTo: number; spending: Spending[] } | undefined>;
  /** What calls have cost that have a record: null for those that cost nothing. */
  costsOf(org: OrgId, callIds: readonly string[]): Promise<Map<string, Cost | null>>;
  /** Organisations with the number of their last record. */
  ends(): Promise<Map<OrgId, number>>;
  /** The arguments of a call where the record has them whole, which their digest proves; undefined otherwise. */
  wholeArguments(call: Pick<KeptCall, 'arguments' | 'argumentsBytes' | 'argumentsDigest'>): JsonObject | undefined;
  /** Walks the chain from its checkpoint to its head. */
  verify(org: OrgId, options?: VerifyOptions): Promise<Verification>;
  /** Deletes what is older than the retention and leaves a signed checkpoint; returns how many went. */
  retain(): Promise<number>;
  /** Closes the intents that nobody will end any more; returns how many. */
  closeAbandoned(): Promise<number>;
  /** Removes all that is kept of an organisation, in the caller's transaction. */
  purge(db: Db, org: OrgId): Promise<void>;
  /** Signs heads and checkpoints under the current secret, where another one that is known signed them. Says how many. */
  signAnew(): Promise<number>;
  /** Resolves when the database has what was durable at the call, or after `withinMs`; says which. */
  flush(withinMs?: number): Promise<boolean>;
  stats(): AuditStats;
  /** Replays the write-ahead file and closes what an earlier life left open. @throws DataDirInUse */
  start(): Promise<void>;
  /** Takes no more places, brings what is durable to the database as far as that answers, and lets go of the folder. */
  stop(): Promise<void>;
}
