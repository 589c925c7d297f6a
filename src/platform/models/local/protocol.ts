// What is said over the pipes between us and the process of a local model: one JSON text a line.

/** What the process is started with, as its one argument. */
export interface LocalModel {
  /** Folder with config.json and tokenizer.json, absolute. */
  directory: string;
  /** The model file, and the folder that it is in, relative to that one; empty for the folder itself. */
  file: string;
  subfolder: string;
  pooling: 'mean' | 'cls';
  threads: number;
}

export interface ToModel {
  id: number;
  texts: readonly string[];
}

export type FromModel =
  /** The numbers of each vector, 4 bytes each, as base64. */
  { id: number; vectors: string[]; tokens: number } | { id: number; failed: string };

/** Of the answer to one request. */
export const maxAnswerLength = 16 * 1024 * 1024;
