import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The model file of a folder, and the folder that it is in, relative to that one. */
export interface ModelFile {
  file: string;
  subfolder: string;
}

/** As models are published for transformers.js, and as they are exported; the precise one before smaller ones. */
const usualNames = ['model.onnx', 'model_quantized.onnx', 'model_int8.onnx', 'model_fp16.onnx'];

/** Undefined where there is none, or where it cannot be told which is meant. */
export function modelFileIn(directory: string): ModelFile | undefined {
  for (const subfolder of ['onnx', '']) {
    const folder = join(directory, subfolder);
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.onnx')) : [];
    const file = usualNames.find((name) => files.includes(name)) ?? (files.length === 1 ? files[0] : undefined);
    if (file !== undefined) return { file, subfolder };
  }
  return undefined;
}

/** What lacks in a folder that should hold a model; undefined when it is all there. */
export function lackOf(directory: string): string | undefined {
  const missing = ['config.json', 'tokenizer.json', 'tokenizer_config.json'].filter(
    (name) => !existsSync(join(directory, name)),
  );
  if (missing.length > 0) return `has no ${missing.join(' and no ')}`;
  return modelFileIn(directory) ? undefined : 'has no model.onnx, neither itself nor in its folder onnx';
}

/** Another one for each model that was ever put there; it does not read the model, which may be large. */
export function fingerprintOf(directory: string): string {
  const found = modelFileIn(directory);
  const parts = ['config.json', 'tokenizer.json', 'tokenizer_config.json'].map((name) =>
    existsSync(join(directory, name)) ? readFileSync(join(directory, name)) : '',
  );
  const size = found ? statSync(join(directory, found.subfolder, found.file)).size : 0;
  return hash('sha256', JSON.stringify([size, ...parts.map((part) => hash('sha256', part))])).slice(0, 12);
}
