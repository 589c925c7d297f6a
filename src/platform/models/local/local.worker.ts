import { basename, dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromModel, LocalModel, ToModel } from './protocol.ts';

// A model in a thread of its own: working out vectors keeps the thread that does it busy for as long as it takes.

const parent = parentPort;
if (!parent) throw new Error('local.worker.ts runs as a worker thread only');
const { directory, file, subfolder, pooling, threads } = workerData as LocalModel;

const { AutoModel, AutoTokenizer, env, mean_pooling } = await import('@huggingface/transformers');
env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = dirname(directory);
env.useBrowserCache = false;
env.useFSCache = false;

const name = basename(directory);
const tokenizer = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
const model = await AutoModel.from_pretrained(name, {
  local_files_only: true,
  subfolder,
  model_file_name: file.replace(/\.onnx$/, ''),
  dtype: 'fp32', // adds no suffix to the name of the file, whatever is in it
  device: 'cpu',
  session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
});
/** What the model has places for. Some say nothing of it in the settings of their tokenizer, and fail on longer texts. */
const places = (model.config as { max_position_embeddings?: number }).max_position_embeddings;
const mostTokens = Math.min(tokenizer.model_max_length ?? Number.POSITIVE_INFINITY, places ?? Number.POSITIVE_INFINITY);

let work: Promise<void> = Promise.resolve();
parent.on('message', (message: ToModel) => {
  work = work.then(() => answer(message));
});

async function answer({ id, texts }: ToModel): Promise<void> {
  const tell = (message: FromModel, transfer: ArrayBuffer[] = []) => parent?.postMessage(message, transfer);
  try {
    const vectors: Float32Array<ArrayBuffer>[] = [];
    let tokens = 0;
    for (const text of texts) {
      // One by one: nothing is worked out for padding, and what comes out depends on no other text.
      const inputs = await tokenizer([text], {
        padding: false,
        truncation: true,
        ...(Number.isFinite(mostTokens) ? { max_length: mostTokens } : {}),
      });
      const outputs = await model(inputs);
      const states = outputs.last_hidden_state ?? outputs.token_embeddings ?? outputs.logits;
      const pooled = pooling === 'mean' ? mean_pooling(states, inputs.attention_mask) : states.slice(null, 0);
      vectors.push(Float32Array.from(pooled.normalize(2, -1).data as Float32Array));
      tokens += inputs.input_ids.size;
    }
    tell(
      { kind: 'done', id, vectors, tokens },
      vectors.map(({ buffer }) => buffer),
    );
  } catch (error) {
    tell({ kind: 'failed', id, reason: error instanceof Error ? error.message : String(error) });
  }
}
