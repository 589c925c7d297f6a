import type { DocumentKind } from '../types.ts';
import { ReadFault } from './faults.ts';
import { type CodeLanguage, languageOfName, languageOfShebang } from './grammars.ts';
import { entriesOf } from './zip.ts';

/** Kinds that are told apart before the text is read; JSON and YAML may turn out to be OpenAPI. */
export type Shape =
  | { kind: 'pdf' | 'docx' }
  | { kind: Exclude<DocumentKind, 'pdf' | 'docx' | 'code' | 'openapi'> }
  | { kind: 'code'; language: CodeLanguage };

/** By its first bytes: PDF, DOCX, or undefined for what must be text. Throws `ReadFault` for other known formats. */
export function containerOf(bytes: Uint8Array, name: string): 'pdf' | 'docx' | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).toString('latin1');
  // Other bytes may stand before a PDF; a text may begin with words about PDF.
  if (/^[\s\u00ef\u00bb\u00bf]*%PDF-/.test(start) || (/\.pdf$/i.test(name) && start.includes('%PDF-'))) return 'pdf';
  if (start.startsWith('PK\u0003\u0004') || start.startsWith('PK\u0005\u0006')) return officeOf(bytes);
  if (start.startsWith('\u00d0\u00cf\u0011\u00e0')) {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (all.includes(Buffer.from('EncryptedPackage', 'utf16le'))) throw new ReadFault('encrypted', 'it has a password');
    throw new ReadFault('unsupported', 'it is of the older binary format of an office program');
  }
  if (start.startsWith('{\\rtf')) throw new ReadFault('unsupported', 'it is an RTF document');
  return undefined;
}

function officeOf(bytes: Uint8Array): 'docx' {
  const names = entriesOf(bytes).map(({ name }) => name);
  if (names.includes('word/document.xml')) return 'docx';
  const what = names.some((name) => name.startsWith('xl/'))
    ? 'a spreadsheet'
    : names.some((name) => name.startsWith('ppt/'))
      ? 'a presentation'
      : 'a ZIP archive';
  throw new ReadFault('unsupported', `it is ${what}`);
}

const byEnding: Record<string, Shape['kind']> = {
  md: 'markdown',
  mdx: 'markdown',
  mdc: 'markdown',
  markdown: 'markdown',
  mkd: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  csv: 'csv',
  tsv: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  jsonc: 'json',
  json5: 'json',
  geojson: 'json',
  webmanifest: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  txt: 'text',
  text: 'text',
  rst: 'text',
  adoc: 'text',
  asciidoc: 'text',
  log: 'text',
};

const byMediaType: [RegExp, Shape['kind']][] = [
  [/^text\/(x-)?markdown$/, 'markdown'],
  [/^(text\/html|application\/xhtml\+xml)$/, 'html'],
  [/^text\/(csv|tab-separated-values)$/, 'csv'],
  [/^application\/([\w.-]+\+)?json$|^application\/(x-ndjson|jsonl)$/, 'json'],
  [/^(application|text)\/([\w.-]+\+|x-)?yaml$/, 'yaml'],
];

/** What a text is, by name, media type and how it begins. What nothing tells is plain text. */
export function shapeOf(name: string, mediaType: string | undefined, text: string): Shape {
  const start = text.slice(0, 2048).trimStart();
  const said = byMediaType.find(([type]) => type.test(essence(mediaType)))?.[1];
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  // A page may be served under any name.
  if (said === 'html' && start.startsWith('<')) return { kind: 'html' };
  const language = languageOfName(name);
  if (language) return { kind: 'code', language };
  const kind = byEnding[ending];
  const html = /^(<\?xml[^>]*>\s*)?(<!--[\s\S]{0,500}?-->\s*)?<(!doctype html|html)[\s>]/i.test(start);
  if (html && (kind === undefined || kind === 'text')) return { kind: 'html' };
  if (kind !== undefined && kind !== 'pdf' && kind !== 'docx' && kind !== 'code') return { kind };
  if (said !== undefined && said !== 'pdf' && said !== 'docx' && said !== 'code') return { kind: said };
  const script = languageOfShebang(start);
  if (script) return { kind: 'code', language: script };
  if (/^[{[]/.test(start)) return { kind: 'json' };
  return { kind: 'text' };
}

function essence(mediaType = ''): string {
  return mediaType.split(';')[0]?.trim().toLowerCase() ?? '';
}
