import { parse as parseCsv } from 'csv-parse/sync';
import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import { isObject, JsonFault, parseJson } from '../../../../kernel/json.ts';
import { evaluationInput } from './questions.ts';

/** A set of questions as it was read, to be sent, or everything that is wrong with it. */
export type QuestionFile = { input: Record<string, unknown>; faults?: undefined } | { faults: string[] };

interface Read {
  input: Record<string, unknown>;
  /** Where a question stands, such as `line 12`. */
  place(question: number): string;
  /** Of what could not be read as a question at all. */
  faults?: string[];
}

/** What is wrong with a file as a whole. */
class FileFault extends Error {
  readonly faults: string[];
  constructor(...faults: string[]) {
    super(faults.join('; '));
    this.faults = faults;
  }
}

const maxAliases = 20;
/** Of CSV: what stands in one cell is a list there. */
const listColumns = ['expect', 'phrase', 'collections', 'tags'];

/**
 * Reads questions in YAML, JSON, JSONL or CSV, by the ending of the name. YAML and JSON are a list of questions, or an
 * object with `questions` and what else an evaluation may say. In CSV the first line names the columns, and `|` stands
 * between the parts of a list.
 */
export function readQuestions(text: string, name: string): QuestionFile {
  let read: Read;
  try {
    read = readerOf(name)(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (error instanceof FileFault) return { faults: error.faults };
    if (error instanceof JsonFault) return { faults: [`file: ${error.message}`] };
    throw error;
  }
  const checked = evaluationInput.safeParse(read.input);
  const unread = read.faults ?? [];
  if (checked.success && unread.length === 0) return { input: read.input };
  const order = ({ path: [, at] }: { path: PropertyKey[] }) => (typeof at === 'number' ? at : -1);
  const issues = (checked.error?.issues ?? []).toSorted((a, b) => order(a) - order(b));
  return {
    faults: unread.concat(
      issues.map(({ path: [first, at, ...rest], message }) =>
        first === 'questions' && typeof at === 'number'
          ? `${read.place(at)}: ${rest.length > 0 ? `${rest.join('.')} ` : ''}${message}`
          : `${[first, at, ...rest].filter((part) => part !== undefined).join('.') || 'file'}: ${message}`,
      ),
    ),
  };
}

function readerOf(name: string): (text: string) => Read {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === 'yaml' || ending === 'yml') return fromYaml;
  if (ending === 'json') return fromJson;
  if (ending === 'jsonl' || ending === 'ndjson') return fromLines;
  if (ending === 'csv') return fromCsv;
  throw new FileFault('file: its name must end in .yaml, .yml, .json, .jsonl, .ndjson or .csv');
}

const inputOf = (value: unknown) => (isObject(value) ? value : { questions: value });

function fromYaml(text: string): Read {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    throw new FileFault(
      ...document.errors.map(({ pos, message }) => `line ${lines.linePos(pos[0]).line}: is not YAML: ${message}`),
    );
  const { contents } = document;
  const list = isMap(contents) ? contents.get('questions', true) : contents;
  const items: unknown[] = isSeq(list) ? list.items : [];
  return {
    input: inputOf(document.toJS({ maxAliasCount: maxAliases })),
    place(at) {
      const range = (items[at] as { range?: [number, number, number] } | undefined)?.range;
      return range ? `line ${lines.linePos(range[0]).line}` : `question ${at + 1}`;
    },
  };
}

function fromJson(text: string): Read {
  return { input: inputOf(parseJson(text)), place: (at) => `questions[${at}]` };
}

function fromLines(text: string): Read {
  const questions: unknown[] = [];
  const places: number[] = [];
  const faults: string[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      questions.push(parseJson(line));
      places.push(at + 1);
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      faults.push(`line ${at + 1}: ${error.message}`);
    }
  }
  return { input: { questions }, place: (at) => `line ${places[at]}`, faults };
}

function fromCsv(text: string): Read {
  let rows: { record: Record<string, string>; info: { lines: number } }[];
  try {
    rows = parseCsv(text, { columns: true, info: true, skip_empty_lines: true, trim: true }) as never;
  } catch (error) {
    throw new FileFault(`is not CSV: ${(error as Error).message}`);
  }
  const questions = rows.map(({ record }) =>
    Object.fromEntries(
      Object.entries(record)
        .filter(([, cell]) => cell !== '')
        .map(([column, cell]) => [column, listColumns.includes(column) ? partsOf(cell) : cellOf(column, cell)]),
    ),
  );
  return { input: { questions }, place: (at) => `line ${rows[at]?.info.lines}` };
}

const partsOf = (cell: string) =>
  cell
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function cellOf(column: string, cell: string): unknown {
  return column === 'every' && /^(true|false)$/i.test(cell) ? cell.toLowerCase() === 'true' : cell;
}
