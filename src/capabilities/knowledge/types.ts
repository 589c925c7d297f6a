/** What a document is, by which it is read. */
export type DocumentKind = 'markdown' | 'html' | 'text' | 'pdf' | 'docx' | 'csv' | 'json' | 'yaml' | 'openapi' | 'code';

/** Names of Postgres text-search configurations; `simple` for every language that has none of the others. */
export type Language = 'english' | 'german' | 'french' | 'spanish' | 'simple';

/** Where in the document: lines and pages count from 1. */
export interface Place {
  line?: number;
  endLine?: number;
  page?: number;
}

export type ChunkKind = 'text' | 'list' | 'table' | 'code' | 'record';

/** A passage of a document: what is indexed, found and cited. */
export interface Chunk {
  /** Position in the document, from 0. */
  ordinal: number;
  /**
   * The first chunk of its own section, or, for that one, of the next section around it; null where there is none before.
   * So the chunks of a document form a tree along its headings.
   */
  parent: number | null;
  kind: ChunkKind;
  /** Headings, keys or code symbols (`class Foo`, `method bar`) that it stands under, outermost first. */
  headings: string[];
  /** What is shown; without title and headings, which are indexed beside it. */
  text: string;
  /** By estimate: see chunk/tokens.ts. */
  tokens: number;
  place: Place;
}

export interface ReadDocument {
  title: string;
  kind: DocumentKind;
  language: Language;
  chunks: Chunk[];
  metadata: Record<string, string | number | boolean>;
  /** Where it points to, as written, each once. */
  links: string[];
  /** What was not read as it should be, for whoever keeps the source. */
  warnings: string[];
}

/** The subject that every principal of the organisation is. */
export const everyone = 'everyone';
