import type { Chunk, ReadDocument } from '../types.ts';
import type { DocumentInput } from './document.ts';
import type { UnreadableReason } from './faults.ts';

/** What stands before the document in a request. */
export type Request = Omit<DocumentInput, 'bytes'>;

export interface Answer {
  /** Its chunks have come before, in frames of their own. */
  read?: ReadDocument;
  fault?: { reason: UnreadableReason; detail: string };
  /** An error that no reader foresaw: for the log. The child is not used again. */
  broken?: string;
  /** What the child holds after it, in bytes. */
  rss: number;
}

/** The child's first word: what it takes to start is not time of a document. */
export interface Ready {
  ready: true;
}

/** Some chunks of a document; so many that parsing them holds up nobody. */
export interface SomeChunks {
  chunks: Chunk[];
}

export const chunksPerFrame = 250;
export const maxRequestBytes = 1024 * 1024 * 1024;
export const maxAnswerBytes = 64 * 1024 * 1024;
/** What the watch says before it ends the child. */
export const outOfMemory = 'out of memory';
