/** Something that keeps sealed values. */
export interface Holding {
  /** What they are, such as `settings of upstreams`. */
  what: string;
  /** Seals each of them under the current secret that is not; resolves to how many that were, and how many no secret opens. */
  renew(renewal: Renewal): Promise<Renewed>;
}

export interface Renewal {
  isCurrent(sealed: string): boolean;
  /** The same under the current secret. Throws where no secret here opens it. */
  again(sealed: string, context: string): string;
}

export interface Renewed {
  renewed: number;
  lost: number;
}

/** Where a change of the secret stands. */
export interface RotationStatus {
  /** The id of the current secret, and of those that are known beside it. */
  secret: string;
  others: readonly string[];
  /** `idle` where there is no other secret; `done` when nothing needs the others any more. */
  state: 'idle' | 'waiting' | 'running' | 'done' | 'failed';
  renewed: number;
  /** Sealed values that none of the secrets opens. */
  lost: number;
  /** The ids of secrets under which something is, or may be, sealed here, and that were not given. */
  missing: readonly string[];
}
