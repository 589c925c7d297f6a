import { extname } from 'node:path/posix';
import { maxItemBytes } from './bounds.ts';

/** Binary all of them, and read all the same. */
const documents = new Set(['.pdf', '.docx']);
const binaries = new Set(
  (
    'png jpg jpeg gif bmp ico webp avif tif tiff heic psd ai eps mp3 mp4 m4a m4v mov avi mkv webm wav ogg flac ' +
    'zip gz tgz bz2 xz zst 7z rar tar jar war ear whl gem deb rpm apk dmg iso exe dll so dylib a o obj lib class pyc ' +
    'pyo wasm node bin dat db sqlite sqlite3 mdb woff woff2 ttf otf eot doc xls xlsx ppt pptx odt ods odp pages key ' +
    'numbers parquet avro orc npy npz pt pth onnx safetensors gguf h5 pkl swp keystore jks p12 pfx'
  )
    .split(' ')
    .map((name) => `.${name}`),
);
const texts = new Set(
  (
    'md markdown mdx txt text rst adoc asciidoc org html htm xhtml csv tsv json jsonl json5 yaml yml toml ini xml ts mts ' +
    'cts tsx js mjs cjs jsx py rb go rs java kt kts c h cc cpp hpp cs php swift scala sh bash zsh sql css scss less vue'
  )
    .split(' ')
    .map((name) => `.${name}`),
);

/** Why a file is not worth reading, as far as its name and size tell. */
export function unfitByFacts({ name, size }: { name: string; size: number }): string | undefined {
  if (binaries.has(extname(name).toLowerCase())) return 'it is binary';
  if (size > maxItemBytes) return `it has more than ${maxItemBytes / 1024 / 1024} MB`;
  return undefined;
}

/** Whether only a look inside can tell. */
export function needsALook(name: string): boolean {
  const extension = extname(name).toLowerCase();
  return !texts.has(extension) && !documents.has(extension);
}

export const lookBytes = 8_000;

/** As git decides: a NUL among the first bytes. UTF-16 has many of them and begins with its mark. */
export function looksBinary(head: Uint8Array): boolean {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  return !isUtf16 && head.subarray(0, lookBytes).includes(0);
}
