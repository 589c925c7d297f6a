import { isJsonContentType } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import { InvalidRequest } from '../../kernel/errors.ts';
import { JsonFault, parseJson } from '../../kernel/json.ts';
import { readBytes, readText } from '../../platform/http/index.ts';
import { BodyTooLarge, WrongContentType, WrongFormType } from './errors.ts';

export interface BodyLimits {
  maxBodyBytes: number;
  maxJsonDepth: number;
}

const maxFaults = 20;
const maxFaultLength = 200;

/**
 * The body as JSON, or undefined where there is none. Bounded before it is parsed.
 * @throws BodyTooLarge, WrongContentType, InvalidRequest
 */
export async function readJson(request: Request, { maxBodyBytes, maxJsonDepth }: BodyLimits): Promise<unknown> {
  const contentType = request.headers.get('content-type');
  if (contentType !== null && !isJsonContentType(contentType)) throw WrongContentType();
  const text = await readText(request, maxBodyBytes);
  if (text === undefined) throw BodyTooLarge({ maxBytes: maxBodyBytes });
  if (text === '') return undefined;
  if (contentType === null) throw WrongContentType();
  try {
    return parseJson(text, { maxDepth: maxJsonDepth });
  } catch (error) {
    if (error instanceof JsonFault) throw InvalidRequest({ faults: [`body: ${error.message}`] });
    throw error;
  }
}

/** A file of a form. */
export interface SentFile {
  name: string;
  mediaType: string;
  bytes: Uint8Array;
}

/**
 * The fields of a form with files, by their names; of two with one name the last one counts.
 * @throws BodyTooLarge, WrongContentType, InvalidRequest
 */
export async function readForm(request: Request, maxBodyBytes: number): Promise<Record<string, string | SentFile>> {
  const contentType = request.headers.get('content-type');
  if (!contentType?.toLowerCase().startsWith('multipart/form-data')) throw WrongFormType();
  const bytes = await readBytes(request, maxBodyBytes);
  if (!bytes) throw BodyTooLarge({ maxBytes: maxBodyBytes });
  const fields: Record<string, string | SentFile> = {};
  try {
    const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
    for (const [name, value] of form) {
      if (typeof value === 'string') fields[name] = value;
      else fields[name] = { name: value.name, mediaType: value.type, bytes: new Uint8Array(await value.arrayBuffer()) };
    }
  } catch {
    throw InvalidRequest({ faults: ['body: is not a whole multipart form'] });
  }
  return fields;
}

export interface Part {
  name: string;
  schema: z.ZodType | undefined;
  value: unknown;
  /** Handed on as it is, whatever characters it has. */
  foreign?: boolean;
}

/** Checks each part of a request against its schema. Throws InvalidRequest with the faults of all, never a value. */
export function check(parts: readonly Part[]): unknown[] {
  const faults: string[] = [];
  const checked = parts.map(({ name, schema, value, foreign }) => {
    if (!schema) return undefined;
    if (!foreign && hasNul(value)) faults.push(`${name}: must not hold the character NUL`);
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) {
      faults.push(`${[name, ...path.map(String)].join('.')}: ${message}`.slice(0, maxFaultLength));
    }
    return undefined;
  });
  if (faults.length > maxFaults) faults.splice(maxFaults, Number.POSITIVE_INFINITY, 'and more');
  if (faults.length > 0) throw InvalidRequest({ faults });
  return checked;
}

/** No database takes it in a text. */
function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return Object.entries(value).some(([key, item]) => key.includes('\0') || hasNul(item));
}
