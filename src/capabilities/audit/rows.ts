export interface Head {
  seq: number;
  hash: string;
  signature: string;
  since?: number;
}

export interface RecordRow extends RowColumns {
  seq: number;
  id: string;
  body: string;
  hash: string;
}

/** What a row repeats of its body, so that it can be found. */
export interface RowColumns {
  at: number;
  kind: 'call' | 'act';
  principal: string;
  tool: string | null;
  outcome: string;
  parent: string | null;
  /** Closed by us for want of an end; the true end may still come. */
  inferred: boolean;
  /** RFC 8785 text of what the call has cost. */
  cost: string | null;
}

export interface IntentRow {
  id: string;
  saidAt: number;
  life: string;
  home: string;
  body: string;
}

export interface Checkpoint {
  seq: number;
  hash: string;
  at: number;
  signature: string;
}

/** Which intents count as abandoned, as seen from one life. */
export interface Abandonment {
  now: number;
  life: string;
  home: string;
  /** Milliseconds without a sign of life after which a life counts as over. */
  goneAfterMs: number;
}

/** A place in the order of time; the sequence number parts what happened in the same millisecond. */
export interface Position {
  at: number;
  seq: number;
}
