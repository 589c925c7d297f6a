import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { type ApiDocument, isReadOnly, shown } from './document.ts';
import { ImportFault } from './faults.ts';
import { isAnnotation, namesIn } from './keywords.ts';
import { fieldSerialization, isJson } from './parameters.ts';
import type { BodyKind, FieldEncoding } from './plan.ts';

/** The body of an operation as the document describes it. */
export interface Body {
  kind: BodyKind;
  contentType: string;
  required: boolean;
  description?: string;
  schema: unknown;
  /** Its fields, where it is a plain object with fields that are all known. */
  fields?: { name: string; schema: unknown; required: boolean }[];
  encoding: Record<string, FieldEncoding>;
}

const maxDepth = 16;

/** The kind of body that is sent, of those that the operation takes; undefined when it takes none. */
export function bodyOf(document: ApiDocument, operation: JsonObject): Body | undefined {
  if (operation.requestBody === undefined) return undefined;
  const { value } = document.resolve(operation.requestBody);
  if (!isObject(value) || !isObject(value.content)) throw new ImportFault('a body that is not described');
  const chosen = choose(value.content);
  if (!chosen) {
    const offered = Object.keys(value.content).slice(0, 5).map(shown).join(', ');
    throw new ImportFault('a body of a kind that cannot be sent', offered);
  }
  const { kind, contentType, media } = chosen;
  const isForm = kind === 'form' || kind === 'multipart';
  const fields = kind === 'json' || isForm ? fieldsOf(document, media.schema) : undefined;
  return {
    kind,
    contentType,
    required: value.required === true,
    ...(typeof value.description === 'string' ? { description: value.description } : {}),
    schema: media.schema ?? {},
    ...(fields ? { fields } : {}),
    encoding: isForm ? encodingOf(document, kind, media, fields ?? []) : {},
  };
}

function choose(content: Record<string, unknown>) {
  const offered = Object.entries(content).flatMap(([contentType, media]) => {
    const kind = kindOf(contentType);
    return kind === undefined ? [] : [{ kind, contentType, media: isObject(media) ? media : {} }];
  });
  const order: readonly BodyKind[] = ['json', 'form', 'multipart', 'text', 'binary'];
  const [best] = offered.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return best && { ...best, contentType: best.contentType.includes('*') ? 'application/json' : best.contentType };
}

function kindOf(contentType: string): BodyKind | undefined {
  const [type = ''] = contentType.toLowerCase().split(';');
  const bare = type.trim();
  if (isJson(bare)) return 'json';
  if (bare === 'application/x-www-form-urlencoded') return 'form';
  if (bare === 'multipart/form-data') return 'multipart';
  if (/^text\/[^*]+$/.test(bare)) return bare === 'text/xml' ? undefined : 'text';
  return /^application\/(octet-stream|pdf|zip|gzip|x-[\w-]+)$|^(image|audio|video)\/[^*]+$/.test(bare)
    ? 'binary'
    : undefined;
}

/** The fields of a plain object, its parts by `allOf` and `$ref` put together; undefined for anything less simple. */
function fieldsOf(document: ApiDocument, schema: unknown): Body['fields'] {
  const fields = new Map<string, unknown>();
  const required = new Set<string>();
  const gather = (node: unknown, depth: number): boolean => {
    const { value } = document.resolve(node);
    if (depth > maxDepth || !isObject(value) || !isPlainObject(value)) return false;
    for (const [name, field] of Object.entries(isObject(value.properties) ? value.properties : {})) {
      if (!isReadOnly(document, field)) fields.set(name, field);
    }
    for (const name of namesIn(value.required)) required.add(name);
    return (Array.isArray(value.allOf) ? value.allOf : []).every((member) => gather(member, depth + 1));
  };
  if (!gather(schema, 0) || fields.size === 0) return undefined;
  return [...fields].map(([name, field]) => ({ name, schema: field, required: required.has(name) }));
}

function isPlainObject(node: Record<string, unknown>): boolean {
  const types = (Array.isArray(node.type) ? node.type : [node.type]).filter((type) => type !== 'null');
  if (types.some((type) => type !== 'object' && type !== undefined)) return false;
  // Further fields that nobody can name beforehand have no place beside the parameters.
  if (node.additionalProperties !== undefined && node.additionalProperties !== false) return false;
  return Object.entries(node).every(
    ([keyword, value]) => isAnnotation(keyword) || plain.has(keyword) || isRequiredList(keyword, value),
  );
}

const plain = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'allOf',
  'nullable',
  '$schema',
  '$id',
  '$comment',
]);

/** `anyOf: [{required: [a]}, {required: [b]}]` only says which fields go together: the API itself checks that. */
function isRequiredList(keyword: string, value: unknown): boolean {
  if (keyword !== 'anyOf' && keyword !== 'oneOf') return false;
  return (
    Array.isArray(value) && value.every((arm) => isObject(arm) && Object.keys(arm).every((key) => key === 'required'))
  );
}

function encodingOf(
  document: ApiDocument,
  kind: BodyKind,
  media: Record<string, unknown>,
  fields: NonNullable<Body['fields']>,
): Record<string, FieldEncoding> {
  const said = isObject(media.encoding) ? media.encoding : {};
  const encodings = fields.flatMap(({ name, schema }): [string, FieldEncoding][] => {
    const own = isObject(said[name]) ? said[name] : {};
    const contentType = typeof own.contentType === 'string' ? own.contentType.split(',')[0]?.trim() : undefined;
    const hasStyle = ['style', 'explode', 'allowReserved'].some((key) => key in own);
    const binary = kind === 'multipart' && isBinary(document, schema);
    if (!hasStyle && !binary && contentType === undefined) return [];
    const json = contentType !== undefined && isJson(contentType);
    return [
      [
        name,
        {
          ...fieldSerialization(hasStyle ? own : {}),
          ...(json ? { json: true as const } : {}),
          ...(binary ? { binary: true as const } : {}),
          ...(contentType === undefined ? {} : { contentType }),
        },
      ],
    ];
  });
  return Object.fromEntries(encodings);
}

/** Bytes, or a list of them: `format: binary` in OpenAPI 3.0, a media type without an encoding in 3.1. */
function isBinary(document: ApiDocument, schema: unknown, inList = false): boolean {
  const { value } = document.resolve(schema);
  if (!isObject(value)) return false;
  if (value.type === 'array') return !inList && isBinary(document, value.items, true);
  if (value.format === 'binary') return true;
  return (
    typeof value.contentMediaType === 'string' && value.contentEncoding === undefined && value.format === undefined
  );
}
