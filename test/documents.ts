import { Document, HeadingLevel, Packer, Paragraph, Table, TableCell, TableRow, TextRun } from 'docx';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import { pino } from 'pino';
import { createReader, type ReadLimits } from '../src/capabilities/knowledge/read/index.ts';
import { createProcesses } from '../src/platform/process/index.ts';

const log = pino({ level: 'silent' });
const worlds: { stop(): Promise<void> }[] = [];

/** Ends what `readerWith` started; for `afterEach` or `afterAll`. */
export async function stopReaders(): Promise<void> {
  for (const world of worlds.splice(0)) await world.stop();
}

/** A reader with real children. */
export function readerWith(limits: Partial<ReadLimits> = {}, workers = 2, idleMs = 30_000) {
  const spawned: number[] = [];
  // The last lets children tell what they have covered.
  const inherit = { PATH: process.env.PATH ?? '', ...coverage() };
  const processes = createProcesses({ inherit, log });
  const reader = createReader({
    workers,
    limits,
    idleMs,
    log,
    processes: {
      async spawn(spec) {
        const child = await processes.spawn(spec);
        spawned.push(child.pid);
        return child;
      },
    },
  });
  worlds.push({
    async stop() {
      await reader.stop();
      await processes.stop();
    },
  });
  const read = (
    content: string | Uint8Array,
    name: string,
    more: { mediaType?: string; target?: number; overlap?: number } = {},
  ) => reader.read({ bytes: typeof content === 'string' ? Buffer.from(content) : content, name, ...more });
  return { ...reader, read, readInput: reader.read, /** Pids of all children that were ever started. */ spawned };
}

function coverage(): Record<string, string> {
  const folder = process.env.NODE_V8_COVERAGE;
  return folder === undefined ? {} : { NODE_V8_COVERAGE: folder };
}

export interface PdfText {
  text: string;
  size?: number;
  x?: number;
  y: number;
}

/** A PDF, a list of texts a page; lines of a text are 1.3 times its size apart. */
export async function pdfOf(pages: readonly (readonly PdfText[])[], title?: string): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  if (title !== undefined) document.setTitle(title);
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (const texts of pages) {
    const page = document.addPage([595, 842]);
    for (const { text, size = 11, x = 50, y } of texts)
      page.drawText(text, { x, y, size, font, lineHeight: size * 1.3 });
  }
  return document.save();
}

export async function docxOf(): Promise<Uint8Array> {
  const cell = (text: string) => new TableCell({ children: [new Paragraph(text)] });
  const document = new Document({
    sections: [
      {
        children: [
          new Paragraph({ text: 'Handbook of the deck', heading: HeadingLevel.TITLE }),
          new Paragraph('What everybody on deck should know.'),
          new Paragraph({ text: 'Mooring', heading: HeadingLevel.HEADING_1 }),
          new Paragraph({
            children: [
              new TextRun('Lines are made fast '),
              new TextRun({ text: 'with a round turn', bold: true }),
              new TextRun('.'),
            ],
          }),
          new Paragraph({ text: 'bow line', bullet: { level: 0 } }),
          new Paragraph({ text: 'stern line', bullet: { level: 0 } }),
          new Paragraph({ text: 'Strength', heading: HeadingLevel.HEADING_2 }),
          new Table({
            rows: [
              new TableRow({ tableHeader: true, children: [cell('Line'), cell('Breaks at')] }),
              new TableRow({ children: [cell('polyester 24 mm'), cell('130 kN')] }),
            ],
          }),
        ],
      },
    ],
  });
  return Packer.toBuffer(document);
}
