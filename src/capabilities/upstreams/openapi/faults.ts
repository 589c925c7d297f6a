import type { JsonObject } from '../../../kernel/json.ts';

/** Why a document, or one operation of it, cannot be imported. */
export class ImportFault extends Error {
  override name = 'ImportFault';
  /** What exactly, with names from the document: for those who operate. */
  readonly detail: string | undefined;

  /** @param reason in words that any caller may read: nothing in it comes from the document */
  constructor(reason: string, detail?: string) {
    super(reason);
    this.detail = detail;
  }
}

/** Arguments that no request can be made of; the message is fit for the caller. */
export class ArgumentFault extends Error {
  override name = 'ArgumentFault';
}

/** The API refused, and may not do so again: too many requests, or a fault of its own. */
export class ApiRefusal extends Error {
  override name = 'ApiRefusal';
  readonly status: number;
  /** It wants fewer requests, and works otherwise. */
  readonly limits: boolean;
  readonly retryAfterSeconds: number | undefined;
  /** What the caller gets when no further try is made. */
  readonly result: JsonObject;

  constructor(status: number, limits: boolean, retryAfterSeconds: number | undefined, result: JsonObject) {
    super(`HTTP ${status}`);
    this.status = status;
    this.limits = limits;
    this.retryAfterSeconds = retryAfterSeconds;
    this.result = result;
  }
}
