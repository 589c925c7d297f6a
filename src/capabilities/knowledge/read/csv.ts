import { type CsvError, parse } from 'csv-parse/sync';
import { type Block, type Part, whole } from '../chunk/index.ts';
import type { Content } from './content.ts';
import { readText } from './text.ts';

interface Row {
  record: string[];
  info: { lines: number };
}

const maxRecordLength = 1024 * 1024;

/** Rows as records with the names of their columns; small ones share a chunk, large ones are divided at columns. */
export function readCsv(text: string, name: string): Content {
  const rows = rowsOf(text, name);
  if (rows === undefined)
    return {
      ...readText(text, name),
      kind: 'csv',
      title: undefined,
      warnings: ['not well-formed CSV: read as plain text'],
    };
  const [first, ...others] = rows;
  const named = first !== undefined && others.length > 0 && isHeader(first.record);
  const records = named ? others : rows;
  const width = rows.reduce((most, { record }) => Math.max(most, record.length), 0);
  const columns = Array.from({ length: width }, (_, at) => (named && first.record[at]?.trim()) || `column ${at + 1}`);
  const blocks: Block[] = [];
  if (named)
    blocks.push({
      section: whole,
      kind: 'text',
      text: `Columns: ${columns.join(', ')}`,
      place: { line: 1, endLine: first.info.lines },
    });
  let before = named ? first.info.lines : 0;
  for (const { record, info } of records) {
    const place = { line: Math.min(before + 1, info.lines), endLine: info.lines };
    before = info.lines;
    const fields = columns.flatMap((column, at) => {
      const value = record[at]?.trim() ?? '';
      return value === '' ? [] : [{ text: `${column}: ${value}`, ...place }];
    });
    const block = recordBlock(fields);
    if (block) blocks.push({ section: whole, kind: 'record', place, ...block });
  }
  return { kind: 'csv', blocks, metadata: { rows: records.length, columns: width } };
}

/** One line a row where it is short enough to be read so; its first field stands before each piece of a large one. */
function recordBlock(fields: readonly Part[]): Pick<Block, 'text' | 'parts' | 'head'> | undefined {
  const [key] = fields;
  if (!key) return undefined;
  const length = fields.reduce((sum, { text }) => sum + text.length, 0);
  const separator = length <= 240 && !fields.some(({ text }) => text.includes('\n')) ? '; ' : '\n';
  const text = fields.map((field) => field.text).join(separator);
  return key.text.length <= 120 && fields.length > 1
    ? { text, parts: fields.slice(1), head: key.text }
    : { text, parts: fields };
}

function rowsOf(text: string, name: string): Row[] | undefined {
  try {
    // Its types do not know that `info` changes what it returns.
    return parse(text, {
      delimiter: delimiterOf(text, name),
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: maxRecordLength,
    }) as unknown as Row[];
  } catch (error) {
    const { code } = error as CsvError;
    if (typeof code === 'string' && code.startsWith('CSV_')) return undefined;
    throw error;
  }
}

/** The one that divides the first lines most evenly. */
function delimiterOf(text: string, name: string): string {
  if (/\.tsv$/i.test(name)) return '\t';
  const lines = text.slice(0, 16_384).split('\n').slice(0, 20).filter((line) => line.trim() !== ''); // biome-ignore format: one thought
  let best = { delimiter: ',', score: 0 };
  for (const delimiter of [',', ';', '\t', '|']) {
    const counts = lines.map((line) => line.replace(/"[^"]*"/g, '').split(delimiter).length - 1);
    const usual = counts[0] ?? 0;
    const score = usual === 0 ? 0 : counts.filter((count) => count === usual).length / counts.length + usual / 1000;
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

/** Names: each cell filled, none twice, none a number. */
function isHeader(cells: readonly string[]): boolean {
  const names = cells.map((cell) => cell.trim());
  if (new Set(names).size < names.length || names.some((name) => name.length > 80)) return false;
  return names.every((name) => name !== '' && !/^[-+]?[\d.,]+%?$/.test(name));
}
