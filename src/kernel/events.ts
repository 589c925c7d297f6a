import type { Kysely } from 'kysely';
import type { Json } from './json.ts';
import type { OrgId } from './principal.ts';

/** Something that happened in an organisation. */
export interface Happening {
  /** Dotted, the general first: `approval.requested`, `budget.warning`, `hook.github.push`, `knowledge.document_indexed`. */
  type: string;
  org: OrgId;
  /** What it is about: an approval's id, a budget's name. */
  subject?: string;
  /** Never a secret: it is told to whoever has a destination for it. */
  data: Readonly<Record<string, Json>>;
  /** Whom it concerns, so that a notice can be addressed: `user:<id>`, `team:<id>`, `role:<name>`, and
   * `not:` before one of those whom it is not told. */
  to?: readonly string[];
}

/** A happening that is kept. */
export interface Told extends Happening {
  /** `evt_…`; the same in every delivery and each further try. */
  id: string;
  /** When it happened, in milliseconds since the epoch. */
  at: number;
}

/** A database or a transaction. */
// biome-ignore lint/complexity/noBannedTypes: the empty schema that every store adds its own tables to
type Queryable = Kysely<{}>;

/** Where rooms say what has happened in them. */
export interface Happenings {
  /**
   * Durable when it resolves, or, where `db` is a transaction, when that is committed: written with it, told after it, and
   * never told where it is rolled back. Throws what the database throws, and a `RangeError` for one of more than 1 MiB.
   */
  publish(db: Queryable, happening: Happening): Promise<void>;
}

/** Where happenings are delivered to; `settings` are those of its type, with secrets in place. */
export interface Destination<S = unknown> {
  org: OrgId;
  name: string;
  /** Whether the operator wrote it into the file. Where somebody named it at run time, go only where guarded requests may. */
  isFromFile: boolean;
  settings: S;
}

/**
 * A way to deliver. Resolves when the other side has it; throws `DeliveryFault`, and whatever else is thrown counts as one
 * that can pass. At least once: the same happening may come again, with the same id.
 */
export interface Transport<S = unknown> {
  deliver(destination: Destination<S>, happening: Told, signal: AbortSignal): Promise<void>;
}

export interface FaultDetail {
  /** Whether another try can help. */
  retryable: boolean;
  /** The other side asks not to be tried again before; milliseconds from now. */
  retryAfterMs?: number;
  /** What the other side answered by: an HTTP status, an SMTP reply. */
  status?: number;
  cause?: unknown;
}

/** Why something was not delivered. The message is shown to administrators: no secret, no body of an answer. */
export class DeliveryFault extends Error {
  override name = 'DeliveryFault';
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;

  constructor(message: string, { retryable, retryAfterMs, status, cause }: FaultDetail) {
    super(message, cause === undefined ? undefined : { cause });
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
    this.status = status;
  }
}

export const eventType = /^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$/;
/** An event's type, or the beginning of one and a star: `approval.*`, `hook.github.pull_*`, `*`. */
export const eventPattern = /^(\*|[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*(\.?\*)?)$/;

/** Whether a type is one that the pattern stands for. */
export function isOfPattern(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
