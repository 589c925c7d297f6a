import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { isObject, type Json, JsonFault, type JsonObject, parseJson } from '../kernel/json.ts';
import { wrongUsage } from './errors.ts';

const maxBytes = 16 * 1024 * 1024;

export interface ArgumentSources {
  /** `key=text`, `key:=json`. */
  pairs: readonly string[];
  /** A JSON object as text. */
  text?: string | undefined;
  /** A file that holds one; `-` is standard input. */
  file?: string | undefined;
  cwd: string;
  stdin: Readable;
}

/**
 * The arguments of a tool: the JSON object, then the pairs over it.
 * @throws CommandFailed for what cannot be read
 */
export async function readArguments({ pairs, text, file, cwd, stdin }: ArgumentSources): Promise<JsonObject> {
  if (text !== undefined && file !== undefined) throw wrongUsage('Give --args or --args-file, not both.');
  const base = text ?? (file === undefined ? undefined : await readSource(file, cwd, stdin));
  const args = base === undefined ? {} : asObject(base, text === undefined ? `The file ${file}` : '--args');
  for (const pair of pairs) {
    const [, key, operator, value] = /^([^=:]+)(:?=)(.*)$/s.exec(pair) ?? [];
    if (key === undefined || value === undefined) {
      throw wrongUsage(`"${pair}" is no argument.`, 'Write key=text, or key:=json for numbers, lists and the like.');
    }
    args[key] = operator === ':=' ? asJson(value, key) : value;
  }
  return args;
}

const jsonKinds: Record<string, (value: Json) => boolean> = {
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isObject,
  null: (value) => value === null,
};

/** Those of the pairs whose text would fit as JSON, in the way to write it, when a refusal asks for another kind. */
export function pairsAsJson(pairs: readonly string[], refusal: string): string[] {
  return pairs.flatMap((pair) => {
    const [, key = '', value = ''] = /^([^=:]+)=(.*)$/s.exec(pair) ?? [];
    const at = refusal.indexOf(`"${key}" must be `);
    const kind = at < 0 ? '' : (/^\w+/.exec(refusal.slice(at + key.length + '"" must be '.length))?.[0] ?? '');
    try {
      if (!jsonKinds[kind]?.(parseJson(value) as Json)) return [];
    } catch {
      return []; // text it stays
    }
    return [/^[\w.,+-]+$/.test(value) ? `${key}:=${value}` : `${key}:='${value}'`];
  });
}

async function readSource(file: string, cwd: string, stdin: Readable): Promise<string> {
  if (file === '-') return readAll(stdin);
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (error) {
    throw wrongUsage(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 'Check its path.');
  }
}

/** All that comes in, as text. */
export async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw wrongUsage('Standard input holds too much.', `At most ${maxBytes} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function asObject(text: string, where: string): JsonObject {
  try {
    const value = parseJson(text);
    if (isObject(value)) return value as JsonObject;
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw wrongUsage(`${where} cannot be read as JSON: ${error.message}.`, `Such as '{"message": "hi"}'`);
  }
  throw wrongUsage(`${where} must hold a JSON object.`, `Such as '{"message": "hi"}'`);
}

function asJson(text: string, key: string): Json {
  try {
    return parseJson(text) as Json;
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw wrongUsage(
      `The value of ${key} cannot be read as JSON: ${error.message}.`,
      `Write ${key}=text for text; ${key}:=3, ${key}:=true and ${key}:='["a"]' are JSON.`,
    );
  }
}
