import { getDocumentProxy } from 'unpdf';
import { createOutline, type Outline } from '../chunk/index.ts';
import type { ReadDocument } from '../types.ts';
import type { Content } from './content.ts';
import { ReadFault } from './faults.ts';
import { bodySize, joinLines, linesOf, type PdfLine, runningKey, runningLines, type TextItem } from './pdf-lines.ts';

/** Errors only; pdf.js would write warnings about fonts to the console. */
const verbosity = 0;

/** The text of a PDF by page. Headings are short lines of a larger size than most of the text. */
export async function readPdf(bytes: Uint8Array): Promise<Content> {
  const pdf = await opened(bytes);
  const pages: PdfLine[][] = [];
  const empty: number[] = [];
  const broken: number[] = [];
  for (let number = 1; number <= pdf.numPages; number++) {
    try {
      const page = await pdf.getPage(number);
      const { items } = await page.getTextContent();
      const lines = linesOf(items.filter((item): item is TextItem & typeof item => 'str' in item));
      pages.push(lines);
      if (lines.length === 0) empty.push(number);
      page.cleanup();
    } catch {
      pages.push([]);
      broken.push(number);
    }
  }
  const title = await titleOf(pdf);
  await pdf.loadingTask.destroy();
  if (pages.every((lines) => lines.length === 0)) {
    if (broken.length > 0) throw new ReadFault('damaged', 'none of its pages can be read');
    throw new ReadFault('no text', 'its pages hold no text; it may be scanned');
  }
  const outline = createOutline();
  const size = bodySize(pages);
  const levels = headingLevels(pages, size);
  const running = pages.length >= 3 ? runningLines(pages) : new Set<string>();
  for (const [at, lines] of pages.entries()) addPage(outline, lines, at + 1, size, levels, running);
  const metadata: ReadDocument['metadata'] = { pages: pages.length };
  const warnings = [
    ...(empty.length > 0 ? [`no text on ${pagesIn(empty)}: scanned, drawn or empty`] : []),
    ...(broken.length > 0 ? [`damaged: ${pagesIn(broken)}`] : []),
  ];
  return { kind: 'pdf', title: title ?? firstHeading(pages, levels), blocks: outline.blocks(), metadata, warnings };
}

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

async function opened(bytes: Uint8Array): Promise<Pdf> {
  try {
    return await getDocumentProxy(bytes, { verbosity, useSystemFonts: false, stopAtErrors: false });
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    if (cause.name === 'PasswordException') throw new ReadFault('encrypted', 'it has a password', { cause });
    throw new ReadFault('damaged', 'its structure cannot be read', { cause });
  }
}

async function titleOf(pdf: Pdf): Promise<string | undefined> {
  const info: unknown = await pdf.getMetadata().then(
    (said) => said.info,
    () => undefined, // broken metadata costs only the title
  );
  const title = info && typeof info === 'object' && 'Title' in info ? String(info.Title ?? '').trim() : '';
  // What word processors put there by themselves.
  return title === '' || /^untitled|^microsoft word - |\.\w{2,4}$/i.test(title) ? undefined : title;
}

/** Sizes well above that of the text, the largest first; a page has few. */
function headingLevels(pages: readonly PdfLine[][], body: number): number[] {
  const sizes = new Set<number>();
  for (const line of pages.flat()) if (isHeading(line, body)) sizes.add(Math.round(line.size));
  return [...sizes].sort((a, b) => b - a);
}

function isHeading({ size, text }: PdfLine, body: number): boolean {
  return size >= body * 1.15 && text.length <= 150 && /\p{L}/u.test(text);
}

function firstHeading(pages: readonly PdfLine[][], levels: readonly number[]): string | undefined {
  return pages[0]?.find(({ size }) => Math.round(size) === levels[0])?.text;
}

function addPage(
  outline: Outline,
  lines: readonly PdfLine[],
  page: number,
  body: number,
  levels: readonly number[],
  running: ReadonlySet<string>,
): void {
  let paragraph: PdfLine[] = [];
  const endParagraph = () => {
    outline.add({ kind: 'text', text: joinLines(paragraph.map(({ text }) => text)), place: { page } });
    paragraph = [];
  };
  let heading: PdfLine[] = [];
  const endHeading = () => {
    const [first] = heading;
    if (first)
      outline.open(Math.min(6, levels.indexOf(Math.round(first.size)) + 1), heading.map(({ text }) => text).join(' '), {
        page,
      });
    heading = [];
  };
  for (const [at, line] of lines.entries()) {
    if ((at < 2 || at >= lines.length - 2) && running.has(runningKey(line.text))) continue;
    if (isHeading(line, body)) {
      endParagraph();
      const last = heading.at(-1);
      if (last && (Math.abs(last.size - line.size) > 0.5 || last.y - line.y > line.size * 2)) endHeading();
      heading.push(line);
      continue;
    }
    endHeading();
    const last = paragraph.at(-1);
    // A gap, a jump upward (the next column) or another size begin a paragraph.
    if (last && (last.y - line.y > Math.max(last.size, line.size) * 1.7 || line.y - last.y > line.size)) endParagraph();
    else if (last && Math.abs(last.size - line.size) > 1) endParagraph();
    paragraph.push(line);
  }
  endHeading();
  endParagraph();
}

function pagesIn(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 10).join(', ');
  return `page${numbers.length > 1 ? 's' : ''} ${shown}${numbers.length > 10 ? ` and ${numbers.length - 10} more` : ''}`;
}
