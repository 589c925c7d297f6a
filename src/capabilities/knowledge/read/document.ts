import { basename, extname } from 'node:path';
import { chunkBlocks, usualChunks } from '../chunk/index.ts';
import type { Language, ReadDocument } from '../types.ts';
import type { CodeReader } from './code.ts';
import { type Content, maxWarnings } from './content.ts';
import { decodeText } from './decode.ts';
import { ReadFault } from './faults.ts';
import { createDetector } from './language.ts';
import type { MarkdownReader } from './markdown.ts';
import { containerOf, type Shape, shapeOf } from './sniff.ts';

export interface DocumentInput {
  bytes: Uint8Array;
  /** A file's name or path, or a URL. */
  name: string;
  mediaType?: string | undefined;
  /** The language of texts that are too short to tell; `simple` when absent. */
  language?: Language | undefined;
  /** Most tokens of a chunk. */
  target?: number | undefined;
  /** Tokens repeated where a text had to be cut. */
  overlap?: number | undefined;
  /** Its structure cost too much once: its lines will do. */
  plain?: boolean | undefined;
}

export interface DocumentReader {
  /** Throws `ReadFault`. */
  read(input: DocumentInput): Promise<ReadDocument>;
}

const maxLinks = 2000;
const maxChunks = 200_000;

/** Reads and chunks in this process; parsers are loaded when they are first needed. */
export function createDocumentReader(): DocumentReader {
  const detector = createDetector();
  let code: Promise<CodeReader> | undefined;
  let markdown: Promise<MarkdownReader> | undefined;

  const readShape = async (shape: Shape, text: string, { name, target, plain }: DocumentInput): Promise<Content> => {
    if (plain) return asPlain(shape, text, name);
    switch (shape.kind) {
      case 'markdown':
        markdown ??= import('./markdown.ts').then(({ createMarkdownReader }) => createMarkdownReader());
        return (await markdown).read(text);
      case 'html':
        return (await import('./html.ts')).readHtml(text);
      case 'csv':
        return (await import('./csv.ts')).readCsv(text, name);
      case 'json':
      case 'yaml':
        return (await import('./data.ts')).readData(text, shape.kind, name, target);
      case 'code':
        code ??= import('./code.ts').then(({ createCodeReader }) => createCodeReader());
        return (await code).read(text, name, shape.language, target);
      default:
        return (await import('./text.ts')).readText(text, name);
    }
  };

  const contentOf = async (input: DocumentInput): Promise<Content> => {
    const { bytes, name, mediaType } = input;
    const container = containerOf(bytes, name);
    if (container === 'pdf') return (await import('./pdf.ts')).readPdf(bytes);
    if (container === 'docx') return (await import('./docx.ts')).readDocx(bytes);
    const { text, encoding } = decoded(bytes, name);
    if (text.trim() === '') throw new ReadFault('no text', 'it is empty');
    const content = await readShape(shapeOf(name, mediaType, text), text, input);
    return encoding === 'utf-8' ? content : { ...content, metadata: { ...content.metadata, encoding } };
  };

  return {
    async read(input) {
      const { kind, title, blocks, metadata = {}, links = [], warnings = [] } = await contentOf(input);
      const chunks = chunkBlocks(blocks, {
        target: input.target ?? usualChunks.target,
        overlap: input.overlap ?? usualChunks.overlap,
      });
      if (chunks.length === 0) throw new ReadFault('no text', 'nothing in it is text that is shown');
      if (chunks.length > maxChunks) throw new ReadFault('too large', `it makes more than ${maxChunks} passages`);
      const loose = kind !== 'markdown' && kind !== 'html' && kind !== 'text' && kind !== 'pdf' && kind !== 'docx';
      const hint = typeof metadata.lang === 'string' ? metadata.lang : undefined;
      const language = detector.languageOf(textsOf(chunks), loose, hint, input.language);
      return {
        title: title?.slice(0, 500) || titleFromName(input.name, kind === 'code'),
        kind,
        language,
        chunks,
        metadata,
        links: [...new Set(links)].slice(0, maxLinks),
        warnings: warnings.slice(0, maxWarnings),
      };
    },
  };
}

function decoded(bytes: Uint8Array, name: string) {
  try {
    return decodeText(bytes);
  } catch (error) {
    const office = /\.(pdf|docx)$/i.exec(name)?.[1]?.toUpperCase();
    throw office && error instanceof ReadFault
      ? new ReadFault('damaged', `it does not begin as a ${office} does`)
      : error;
  }
}

async function asPlain(shape: Shape, text: string, name: string): Promise<Content> {
  const { readAsLines } = await import('./code.ts');
  const { readText } = await import('./text.ts');
  const content = shape.kind === 'code' ? readAsLines(text, name) : readText(text, name);
  const warnings = ['its structure takes too much time or memory: read as plain text'];
  return { ...content, kind: shape.kind === 'code' ? 'code' : shape.kind, warnings };
}

function* textsOf(chunks: ReadDocument['chunks']): Generator<string> {
  for (const { text, headings } of chunks) {
    yield text;
    yield headings.at(-1) ?? '';
  }
}

function titleFromName(name: string, whole: boolean): string {
  if (whole) return name;
  const base = basename(name.replaceAll('\\', '/').replace(/[?#].*$/, ''));
  return base.slice(0, base.length - extname(base).length) || base || name;
}
