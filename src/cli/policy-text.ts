import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JsonObject } from '../kernel/json.ts';
import { readAll } from './arguments.ts';
import type { CliContext } from './command.ts';
import { wrongUsage } from './errors.ts';
import { listIn } from './reading.ts';
import { plain } from './terminal.ts';

/** The text of a Cedar file; `-` is standard input. */
export async function readPolicy(file: string, { cwd, stdin }: Pick<CliContext, 'cwd' | 'stdin'>): Promise<string> {
  if (file === '-') return readAll(stdin);
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (error) {
    throw wrongUsage(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 'Check its path.');
  }
}

/** Faults or warnings as compilers write them. */
export function placesIn(body: JsonObject, field: string, file: string): string[] {
  return listIn(body, field).map(({ line, column, message }) => {
    const place = line === undefined ? '' : `:${line}${column === undefined ? '' : `:${column}`}`;
    return `${file}${place}: ${plain(String(message))}`;
  });
}
