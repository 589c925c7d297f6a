/** Why a token cannot be had, or what says where to get one cannot be used. */
export class OAuthFault extends Error {
  override name = 'OAuthFault';
  /** In words that any caller may read: no address, and nothing of what the other side said but a code of RFC 6749. */
  readonly reason: string;
  /** For those who operate: may hold addresses and words of the other side, never a credential. */
  readonly detail: string | undefined;
  /** What the token endpoint answered, such as `invalid_grant`. */
  readonly code: string | undefined;
  /** Whether the same request may succeed later by itself. */
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    reason: string,
    more: {
      detail?: string | undefined;
      code?: string | undefined;
      retryable?: boolean;
      retryAfterSeconds?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(reason, more.cause === undefined ? undefined : { cause: more.cause });
    this.reason = reason;
    this.detail = more.detail;
    this.code = more.code;
    this.retryable = more.retryable ?? false;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}
