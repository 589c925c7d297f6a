import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { readAll } from './arguments.ts';
import type { CliContext } from './command.ts';
import { wrongUsage } from './errors.ts';

const maxAliases = 100;

/** What a file of cases says, in YAML or JSON; `-` is standard input. @throws CommandFailed */
export async function readCaseFile(file: string, { cwd, stdin }: Pick<CliContext, 'cwd' | 'stdin'>): Promise<unknown> {
  let text: string;
  try {
    text = file === '-' ? await readAll(stdin) : await readFile(resolve(cwd, file), 'utf8');
  } catch (error) {
    throw wrongUsage(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 'Check its path.');
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw wrongUsage(`${file}:${line}:${col}: is not YAML: ${fault.message}`, 'Correct it and run the cases again.');
  }
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    throw wrongUsage(`${file}: ${error instanceof Error ? error.message : String(error)}`, 'Write it without aliases.');
  }
}
