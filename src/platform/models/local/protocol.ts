/** What the thread of a local model is started with. */
export interface LocalModel {
  /** Folder with config.json and tokenizer.json, absolute. */
  directory: string;
  /** Of the model file, below it, and the folder that it is in, relative to it; empty for the folder itself. */
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
  | { kind: 'done'; id: number; vectors: Float32Array<ArrayBuffer>[]; tokens: number }
  | { kind: 'failed'; id: number; reason: string };
