// Tools out of an OpenAPI document, just well enough for a corpus: names, texts and one input schema an operation.
import { isObject, type JsonObject } from '../../src/kernel/json.ts';
import type { ToolDefinition } from '../../src/kernel/tool.ts';

const methods = ['get', 'put', 'post', 'delete', 'patch'];
const deepest = 8; // schemas of real documents contain themselves

/** Every operation that has an id; `x-` fields and responses are left out. */
export function toolsOfOpenApi(document: JsonObject): ToolDefinition[] {
  return Object.values(objectAt(document, 'paths')).flatMap((item) => {
    if (!isObject(item)) return [];
    return methods.flatMap((method): ToolDefinition[] => {
      const operation = item[method];
      if (!isObject(operation) || typeof operation.operationId !== 'string') return [];
      return [
        {
          name: operation.operationId,
          title: String(operation.summary ?? ''),
          description: String(operation.description ?? ''),
          inputSchema: inputSchemaOf(
            document,
            [...listAt(item, 'parameters'), ...listAt(operation, 'parameters')],
            operation,
          ),
        },
      ];
    });
  });
}

function inputSchemaOf(document: JsonObject, parameters: unknown[], operation: Record<string, unknown>): JsonObject {
  const properties: Record<string, unknown> = {};
  const required = new Set<string>();
  for (const each of parameters) {
    const parameter = resolved(document, each, deepest);
    if (!isObject(parameter) || typeof parameter.name !== 'string') continue;
    properties[parameter.name] = { ...objectAt(parameter, 'schema'), description: parameter.description };
    if (parameter.required === true) required.add(parameter.name);
  }
  const [content] = Object.values(objectAt(objectAt(operation, 'requestBody'), 'content'));
  for (const schema of alternatives(resolved(document, isObject(content) ? content.schema : {}, deepest))) {
    Object.assign(properties, objectAt(schema, 'properties'));
    for (const name of listAt(schema, 'required')) if (typeof name === 'string') required.add(name);
  }
  return { type: 'object', properties, ...(required.size > 0 ? { required: [...required] } : {}) } as JsonObject;
}

/** A schema, and those that it is made of. */
function alternatives(schema: unknown): Record<string, unknown>[] {
  if (!isObject(schema)) return [];
  return [schema, ...['allOf', 'oneOf', 'anyOf'].flatMap((key) => listAt(schema, key)).flatMap(alternatives)];
}

/** The same value with every `$ref` replaced by what it names, as far as `depth` goes. */
function resolved(document: JsonObject, value: unknown, depth: number): unknown {
  if (depth === 0) return {};
  if (Array.isArray(value)) return value.map((item) => resolved(document, item, depth));
  if (!isObject(value)) return value;
  if (typeof value.$ref === 'string') {
    const path = value.$ref.replace('#/', '').split('/');
    const found = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), document);
    return resolved(document, found, depth - 1);
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith('x-') && key !== 'examples' && key !== 'example')
      .map(([key, item]) => [key, resolved(document, item, depth)]),
  );
}

function objectAt(value: unknown, key: string): Record<string, unknown> {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : {};
}

function listAt(value: Record<string, unknown>, key: string): unknown[] {
  const found = value[key];
  return Array.isArray(found) ? found : [];
}
