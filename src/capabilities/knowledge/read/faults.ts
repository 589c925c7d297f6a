import type { FairleadError } from '../../../kernel/errors.ts';
import { DocumentUnreadable } from '../errors.ts';

export type UnreadableReason =
  | 'unsupported'
  | 'too large'
  | 'too slow'
  | 'out of memory'
  | 'damaged'
  | 'encrypted'
  | 'no text'
  | 'binary';

const remedies: Record<UnreadableReason, string> = {
  unsupported: 'Save it as PDF, DOCX, Markdown, HTML, CSV, JSON, YAML or plain text, or leave it out of the source.',
  'too large': 'Divide it into smaller documents, or raise the limit of size.',
  'too slow':
    'Divide it into smaller documents, or raise the limit of time; look at it first if it came from a stranger.',
  'out of memory':
    'Divide it into smaller documents, or raise the limit of memory; look at it first if it came from a stranger.',
  damaged: 'Open it in the program that made it and save it anew.',
  encrypted: 'Save it without a password.',
  'no text': 'A scanned document needs text recognition (OCR) first; an empty one can be left out of the source.',
  binary: 'Only documents with text are read; leave this one out of the source.',
};

/** Why a document, and nothing else, cannot be read. */
export class ReadFault extends Error {
  override name = 'ReadFault';
  readonly reason: UnreadableReason;

  /** @param detail for the owner of the document; nothing in it comes from its content */
  constructor(reason: UnreadableReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

/** The catalogue's error for a fault; `unreadableReason` finds the reason again. */
export function unreadable(name: string, fault: ReadFault): FairleadError {
  const { reason, message: detail } = fault;
  return DocumentUnreadable({ name, reason, detail, remedy: remedies[reason] }, { cause: fault });
}

/** The reason word of a `DocumentUnreadable`; undefined for any other error. */
export function unreadableReason(error: unknown): UnreadableReason | undefined {
  return DocumentUnreadable.is(error) && error.cause instanceof ReadFault ? error.cause.reason : undefined;
}
