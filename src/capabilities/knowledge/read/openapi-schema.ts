import { isObject } from '../../../kernel/json.ts';

/** Deeper ones are given by their type only; documents nest, and may refer to themselves in place. */
const maxDepth = 4;
const maxValues = 30;

/** A JSON Schema in lines: its type first, then its properties. */
export function describeSchema(schema: unknown, depth = 0): string[] {
  if (!isObject(schema)) return [];
  const ref = nameOfRef(schema.$ref);
  if (ref !== undefined) return [ref];
  const lines = [[typeOf(schema), textOf(schema.description)].filter(Boolean).join(': ')];
  if (depth >= maxDepth) return lines;
  const required = Array.isArray(schema.required) ? schema.required : [];
  if (isObject(schema.properties)) {
    for (const [name, property] of Object.entries(schema.properties)) {
      const [first = '', ...more] = describeSchema(property, depth + 1);
      const must = required.includes(name) ? ', required' : '';
      lines.push(`- ${name}${first === '' ? '' : ` (${first}${must})`}`, ...more.map((line) => `  ${line}`));
    }
  }
  if (isObject(schema.items) && !('$ref' in schema.items)) {
    lines.push(...describeSchema(schema.items, depth + 1).slice(1).map((line) => `  ${line}`)); // biome-ignore format: one thought
  }
  for (const word of ['oneOf', 'anyOf', 'allOf'] as const) {
    const choices = schema[word];
    if (!Array.isArray(choices)) continue;
    for (const choice of choices) {
      const [first = '', ...more] = describeSchema(choice, depth + 1);
      lines.push(`- ${word}: ${first}`, ...more.map((line) => `  ${line}`));
    }
  }
  return lines;
}

/** The last word of a reference: the name of what it points to. */
export function nameOfRef(ref: unknown): string | undefined {
  return typeof ref === 'string' ? ref.slice(ref.lastIndexOf('/') + 1).replaceAll('~1', '/') : undefined;
}

function typeOf(schema: Record<string, unknown>): string {
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : (textOf(schema.type) ?? '');
  const format = textOf(schema.format);
  const items = isObject(schema.items) ? (nameOfRef(schema.items.$ref) ?? typeOf(schema.items)) : '';
  const values = Array.isArray(schema.enum) ? ` one of ${schema.enum.slice(0, maxValues).map(String).join(', ')}` : '';
  const fallback =
    schema.default === undefined || isObject(schema.default) ? '' : `, default ${String(schema.default)}`;
  const base = type === 'array' && items !== '' ? `array of ${items}` : type;
  return `${base}${format === undefined ? '' : ` ${format}`}${values}${fallback}`.trim();
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
