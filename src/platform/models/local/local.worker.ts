import { Console } from 'node:console';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { parseJson } from '../../../kernel/json.ts';
import type { FromModel, LocalModel, ToModel } from './protocol.ts';

// A program of its own, which runs a model until its input ends: working out vectors keeps a thread busy for as long as it
// takes, and what the runtime cannot survive ends its process.

globalThis.console = new Console(process.stderr); // standard output is the protocol's

const { directory, file, subfolder, pooling, threads } = parseJson(process.argv[2] ?? '') as unknown as LocalModel;

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

for await (const line of createInterface({ input: process.stdin })) {
  const { id, texts } = parseJson(line) as unknown as ToModel;
  say(
    await answer(texts).then(
      (made) => ({ id, ...made }),
      (error: unknown) => ({ id, failed: String(error) }),
    ),
  );
}

async function answer(texts: readonly string[]): Promise<{ vectors: string[]; tokens: number }> {
  const vectors: string[] = [];
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
    const numbers = Float32Array.from(pooled.normalize(2, -1).data as Float32Array);
    vectors.push(Buffer.from(numbers.buffer).toString('base64'));
    tokens += inputs.input_ids.size;
  }
  return { vectors, tokens };
}

function say(message: FromModel): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
