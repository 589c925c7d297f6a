/** Whether a text is asked, or is what may be found: models may want to be told. */
export type EmbeddingPurpose = 'query' | 'passage';

export interface Embedded {
  /** One vector for each text, in their order, all of the same length. */
  vectors: Float32Array[];
  /** That were read for them; by estimate where the model does not say. */
  tokens: number;
}

/** Texts as vectors, by one model. */
export interface Embedder {
  /** Names what the vectors come from: those of two names must never meet. */
  readonly model: string;
  /** As it is shown to people. */
  readonly label: string;
  /** In the currency of whoever set it. */
  readonly costPerMillionTokens?: number;
  /** Any number of texts. Rejects with `ModelFailed`, or as the signal says. */
  embed(texts: readonly string[], purpose: EmbeddingPurpose, signal: AbortSignal): Promise<Embedded>;
  /** Lets go of what it holds. */
  stop(): Promise<void>;
}
