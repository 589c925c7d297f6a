import type { OrgId } from '../../../kernel/principal.ts';

/** A document as those are told of it who were not there. */
export interface DocumentRef {
  org: OrgId;
  /** Name of the collection. */
  collection: string;
  /** Its number, which is told to nobody outside. */
  collectionId: number;
  /** Name of the source within the collection. */
  source: string;
  document: number;
}

/** Told of what has become of documents, once it is committed. */
export interface IngestNews {
  /** It can be found from now on. @param tookMs since its bytes were there */
  indexed(document: DocumentRef, change: 'added' | 'changed', tookMs: number): void;
  removed(document: DocumentRef): void;
  /** A document could not be had or read. */
  failed(): void;
}
