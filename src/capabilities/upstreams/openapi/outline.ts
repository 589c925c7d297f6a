import { isObject, type JsonObject } from '../../../kernel/json.ts';
import type { ApiDocument } from './document.ts';
import { brief } from './names.ts';
import { isJson } from './parameters.ts';

const maxLength = 4 * 1024;
const maxLevels = 3;
const maxAllOf = 8;

/**
 * The output schema of an operation: names, kinds and meaning of the fields that its document promises. It demands nothing
 * but an object, because documents are often wrong about details, and a result that breaks its schema is refused after the
 * API has done its work. Undefined where not all successes are objects, or where it would be long.
 */
export function outlineOf(document: ApiDocument, operation: JsonObject): JsonObject | undefined {
  const schemas = successSchemas(document, operation);
  if (!schemas) return undefined;
  for (let levels = maxLevels; levels > 0; levels--) {
    const outlines = schemas.map((schema) => objectOutline(document, schema, levels));
    const [outline, ...others] = outlines;
    if (!outline || others.some((other) => JSON.stringify(other) !== JSON.stringify(outline))) return undefined;
    if (JSON.stringify(outline).length <= maxLength) return { type: 'object', ...outline };
  }
  return undefined;
}

/** What successes are answered with; undefined when one of them is something else than JSON. */
function successSchemas(document: ApiDocument, operation: JsonObject): unknown[] | undefined {
  const responses = isObject(operation.responses) ? operation.responses : {};
  const successes = Object.entries(responses).filter(([status]) => /^2(\d\d|XX)$/i.test(status));
  const schemas: unknown[] = [];
  for (const [, raw] of successes) {
    const { value } = document.resolve(raw);
    const content = isObject(value) && isObject(value.content) ? Object.entries(value.content) : [];
    if (content.length === 0 || content.some(([type]) => !isJson(type))) return undefined;
    for (const [, media] of content) schemas.push(isObject(media) ? media.schema : undefined);
  }
  return schemas.length > 0 ? schemas : undefined;
}

/** `properties` without `type` demands nothing of a value that is no object. */
function objectOutline(document: ApiDocument, schema: unknown, levels: number): JsonObject | undefined {
  const fields = fieldsOf(document, schema, 0);
  if (!fields) return undefined;
  const outlines = Object.entries(fields).map(([name, field]) => [name, fieldOutline(document, field, levels - 1)]);
  return { properties: Object.fromEntries(outlines) };
}

function fieldOutline(document: ApiDocument, schema: unknown, levels: number): JsonObject {
  const { value } = document.resolve(schema);
  if (!isObject(value)) return {};
  const about = brief(isObject(schema) ? (schema.description ?? value.description) : undefined, 200);
  const description = [kindOf(value), about].filter((text) => text !== undefined).join(': ');
  const said: JsonObject = description === '' ? {} : { description };
  if (levels <= 0) return said;
  if (value.type === 'array') return { ...said, items: fieldOutline(document, value.items, levels - 1) };
  return { ...said, ...objectOutline(document, value, levels) };
}

function kindOf(schema: Record<string, unknown>): string | undefined {
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((type) => typeof type === 'string');
  const kinds = schema.nullable === true && types.length > 0 ? [...types, 'null'] : types;
  if (kinds.length === 0) return undefined;
  return typeof schema.format === 'string'
    ? `${kinds.join(' or ')} (${schema.format.slice(0, 30)})`
    : kinds.join(' or ');
}

/** The fields of an object, parts by `allOf` included; undefined for what is something else, or may be. */
function fieldsOf(document: ApiDocument, schema: unknown, depth: number): Record<string, unknown> | undefined {
  const { value } = document.resolve(schema);
  if (!isObject(value) || depth > maxAllOf) return undefined;
  if (value.type !== undefined && value.type !== 'object') return undefined;
  if (value.nullable === true || value.anyOf !== undefined || value.oneOf !== undefined) return undefined;
  const parts = (Array.isArray(value.allOf) ? value.allOf : []).map((part) => fieldsOf(document, part, depth + 1));
  if (parts.includes(undefined)) return undefined;
  const own = isObject(value.properties) ? value.properties : {};
  const fields = Object.assign({}, ...parts, own) as Record<string, unknown>;
  return Object.keys(fields).length > 0 ? fields : undefined;
}
