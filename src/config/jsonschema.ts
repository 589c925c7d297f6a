import { z } from 'zod';
import { isObject } from '../kernel/json.ts';
import { fileSchema } from './schema.ts';

type Schema = Record<string, unknown>;

/**
 * The JSON Schema of `fairlead.yaml` for editors, in draft 7, which the editors' YAML support knows best. Unlike the
 * loader's own schema it lets a reference such as `${env:NAME}` stand where a number or a fixed word is wanted.
 */
export function settingsJsonSchema(): Schema {
  const { $schema, definitions, ...schema } = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' });
  return {
    $schema,
    title: 'fairlead.yaml',
    description: 'The settings of Fairlead, one self-hosted MCP endpoint for a team.',
    ...withReferences(schema),
    definitions: {
      ...(isObject(definitions) ? definitions : {}), // what stands within itself, such as JSON of any shape
      reference: {
        type: 'string',
        pattern: '\\$\\{(env|file|data|vault):[^{}]+\\}',
        description:
          'A variable, the text of a file, a path in the data folder, or a secret of the vault, put in when the file is read',
      },
    },
  };
}

function withReferences(schema: Schema): Schema {
  if (isStrictLeaf(schema)) {
    const { description, default: fallback, ...leaf } = schema;
    return {
      ...(description === undefined ? {} : { description }),
      ...(fallback === undefined ? {} : { default: fallback }),
      anyOf: [tidy(leaf), { $ref: '#/definitions/reference' }],
    };
  }
  const result: Schema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'propertyNames') result[key] = value;
    else if (key === 'properties' && isObject(value)) result[key] = mapValues(value);
    else if (isObject(value) && (key === 'items' || key === 'additionalProperties'))
      result[key] = withReferences(value);
    else if ((key === 'anyOf' || key === 'oneOf') && Array.isArray(value))
      result[key] = value.map((each: Schema) => withReferences(each));
    else result[key] = value;
  }
  return result;
}

function mapValues(properties: Schema): Schema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, isObject(value) ? withReferences(value) : value]),
  );
}

function isStrictLeaf({ type, ...schema }: Schema): boolean {
  if (type === 'integer' || type === 'number' || type === 'boolean') return true;
  return type === 'string' && ['enum', 'pattern', 'format', 'minLength'].some((key) => key in schema);
}

// The largest safe integer says nothing to a reader.
function tidy({ maximum, ...leaf }: Schema): Schema {
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? leaf : { ...leaf, maximum };
}
