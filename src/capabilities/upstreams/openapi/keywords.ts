import { RE2JS } from 're2js';
import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { brief } from './names.ts';

const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);
const maxDescription = 400;
const maxValueLength = 500;
const maxPatternLength = 1_000;

/** Keywords that say something about a schema and demand nothing. */
export const annotationKeywords: ReadonlySet<string> = new Set([
  'title',
  'description',
  'deprecated',
  'default',
  'example',
  'examples',
  'externalDocs',
  'readOnly',
  'writeOnly',
  'discriminator',
  'xml',
]);

export function isAnnotation(keyword: string): boolean {
  return annotationKeywords.has(keyword) || keyword.startsWith('x-');
}

/**
 * The keywords of a schema that hold no other schemas, as JSON Schema 2020-12 has them. What is not of the kind that a
 * keyword wants is dropped: whatever the document says, the outcome can be compiled.
 */
export function plainKeywords(node: Record<string, unknown>, dialect: '3.0' | '2020-12'): JsonObject {
  const nullable = dialect === '3.0' && node.nullable === true;
  const out: JsonObject = { ...typeOf(node, nullable), ...annotationsOf(node) };
  if (Array.isArray(node.enum) && node.enum.length > 0) out.enum = enumOf(node.enum as Json[], nullable);
  if ('const' in node && dialect !== '3.0') out.const = node.const as Json;
  if (typeof node.format === 'string' && node.format !== 'binary') out.format = node.format.slice(0, 50);
  if (typeof node.pattern === 'string' && isUsablePattern(node.pattern)) out.pattern = node.pattern;
  for (const keyword of counts) if (isCount(node[keyword])) out[keyword] = node[keyword];
  for (const keyword of ['contentEncoding', 'contentMediaType']) {
    const value = node[keyword];
    if (typeof value === 'string') out[keyword] = value.slice(0, 100);
  }
  if (typeof node.uniqueItems === 'boolean') out.uniqueItems = node.uniqueItems;
  if (typeof node.multipleOf === 'number' && node.multipleOf > 0) out.multipleOf = node.multipleOf;
  return { ...out, ...boundsOf(node) };
}

const counts = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minContains',
  'maxContains',
];

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function typeOf(node: Record<string, unknown>, nullable: boolean): JsonObject {
  const named = (Array.isArray(node.type) ? node.type : [node.type]).map((type) => (type === 'file' ? 'string' : type));
  const known = [...new Set(named.filter((type): type is string => typeof type === 'string' && types.has(type)))];
  if (known.length === 0) return {};
  if (nullable && !known.includes('null')) known.push('null');
  const [only] = known;
  return { type: known.length === 1 && only !== undefined ? only : known };
}

function enumOf(values: Json[], nullable: boolean): Json[] {
  return nullable && !values.includes(null) ? [...values, null] : values;
}

/** OpenAPI 3.0 has the older exclusive bounds: true or false beside the bound. */
function boundsOf(node: Record<string, unknown>): JsonObject {
  const out: JsonObject = {};
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    const value = node[bound];
    if (typeof node[exclusive] === 'number') out[exclusive] = node[exclusive];
    if (typeof value === 'number') out[node[exclusive] === true ? exclusive : bound] = value;
  }
  return out;
}

/** What a schema says of itself to people, cut to what a model can make use of. */
export function annotationsOf(node: Record<string, unknown>): JsonObject {
  const out: JsonObject = {};
  const title = brief(node.title, 200);
  const description = brief(node.description, maxDescription);
  if (title !== undefined && title !== description) out.title = title;
  if (description !== undefined) out.description = description;
  if (isShort(node.default)) out.default = node.default;
  const example = Array.isArray(node.examples) ? node.examples[0] : node.example;
  if (isShort(example)) out.examples = [example];
  if (node.deprecated === true) out.deprecated = true;
  return out;
}

function isShort(value: unknown): value is Json {
  return value !== undefined && JSON.stringify(value).length <= maxValueLength;
}

/** Whether the schema compiler takes it: as RE2, or for what that lacks as a native expression. */
export function isUsablePattern(pattern: string): boolean {
  if (pattern.length > maxPatternLength) return false;
  try {
    RE2JS.compile(RE2JS.translateRegExp(pattern));
    return true;
  } catch {
    try {
      new RegExp(pattern, 'u');
      return true;
    } catch {
      return false;
    }
  }
}

/** The names in a list of names, each once. */
export function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? [...new Set(value.filter((name): name is string => typeof name === 'string'))] : [];
}

/** A schema that takes null as well. */
export function orNull(schema: Json): Json {
  if (!isObject(schema)) return schema === false ? { type: 'null' } : schema;
  const { type, enum: values, anyOf } = schema as JsonObject;
  if (type !== undefined) {
    const known = Array.isArray(type) ? type : [type];
    if (known.includes('null')) return schema as JsonObject;
    return { ...schema, type: [...known, 'null'], ...(Array.isArray(values) ? { enum: enumOf(values, true) } : {}) };
  }
  const only = Object.keys(schema).every((key) => key === 'anyOf' || isAnnotation(key));
  if (Array.isArray(anyOf) && only) return { ...schema, anyOf: [...anyOf, { type: 'null' }] };
  return { anyOf: [schema as JsonObject, { type: 'null' }] };
}
