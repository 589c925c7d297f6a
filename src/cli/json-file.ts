import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isObject, type Json, JsonFault, type JsonObject, parseJson } from '../kernel/json.ts';
import { readAll } from './arguments.ts';
import type { CliContext } from './command.ts';
import { wrongUsage } from './errors.ts';

type Place = Pick<CliContext, 'cwd' | 'stdin'>;

/**
 * What a file holds, or standard input for `-`. @throws CommandFailed for what cannot be read
 * @param what the beginning of a sentence that says so, such as `The tools in`
 */
export async function readJson(file: string, what: string, example: string, { cwd, stdin }: Place): Promise<Json> {
  try {
    return parseJson(file === '-' ? await readAll(stdin) : await readFile(resolve(cwd, file), 'utf8')) as Json;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = error instanceof JsonFault ? error.message : code;
    if (reason === undefined) throw error;
    throw wrongUsage(`${what} ${file} cannot be read: ${reason}.`, example);
  }
}

/** Settings in a file, which is a JSON object. */
export async function readSettings(file: string, example: string, place: Place): Promise<JsonObject> {
  const value = await readJson(file, 'The settings in', example, place);
  if (isObject(value)) return value as JsonObject;
  throw wrongUsage(`The settings in ${file} must be a JSON object.`, example);
}
