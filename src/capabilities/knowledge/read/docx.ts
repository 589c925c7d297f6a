import mammoth from 'mammoth';
import type { Content } from './content.ts';
import { ReadFault } from './faults.ts';
import { readHtml } from './html.ts';
import { entriesOf } from './zip.ts';

const maxUnpackedBytes = 256 * 1024 * 1024;
const maxEntries = 10_000;

/** A Word document by its styles: headings, lists, tables, links, footnotes. */
export async function readDocx(bytes: Uint8Array): Promise<Content> {
  const entries = entriesOf(bytes);
  const unpacked = entries.reduce((sum, entry) => sum + entry.unpacked, 0);
  if (entries.length > maxEntries || unpacked > maxUnpackedBytes)
    throw new ReadFault('too large', `unpacked it has ${Math.round(unpacked / 1024 / 1024)} MiB`);
  const html = await asHtml(bytes);
  const { blocks, title, links = [] } = readHtml(html);
  // Lines of the HTML in between mean nothing to anybody.
  const placed = blocks.map((block) => ({
    ...block,
    place: {},
    ...(block.parts ? { parts: block.parts.map(({ text }) => ({ text })) } : {}),
  }));
  return { kind: 'docx', title, blocks: placed, links };
}

async function asHtml(bytes: Uint8Array): Promise<string> {
  try {
    const { value } = await mammoth.convertToHtml(
      { buffer: Buffer.from(bytes) },
      {
        styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"],
        convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
        externalFileAccess: false,
      },
    );
    return value;
  } catch (error) {
    throw new ReadFault('damaged', 'it is not a whole Word document', { cause: error });
  }
}
