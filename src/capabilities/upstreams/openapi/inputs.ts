import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import type { Body } from './body.ts';
import { type ApiDocument, shown } from './document.ts';
import { ImportFault } from './faults.ts';
import { argumentName, brief } from './names.ts';
import type { Parameter } from './parameters.ts';
import type { BodyPlan, ParameterPlan } from './plan.ts';
import { createConverter, SchemaTooLarge } from './schema.ts';

const maxInlineLength = 24 * 1024;
const maxLength = 128 * 1024;
const maxDescription = 500;

interface Inputs {
  schema: JsonObject;
  parameters: ParameterPlan[];
  body?: BodyPlan;
}

/** One argument, before its schema is converted. */
interface Argument {
  name: string;
  required: boolean;
  schema: unknown;
  description?: string | undefined;
  deprecated?: boolean;
  /** Sent as bytes. */
  binary?: boolean;
}

/**
 * Parameters and body as the arguments of one tool. A parameter has its own name; of two with the same one the later, in
 * the order path, query, header, cookie, has its place before it (`query_id`). The fields of a body stand beside them where
 * it is a plain object and none of their names is taken; otherwise the body stands under `body`, or `request_body`.
 */
export function inputsOf(document: ApiDocument, parameters: readonly Parameter[], body: Body | undefined): Inputs {
  const taken = new Set<string>();
  const take = (...wanted: string[]): string => {
    const free = wanted.find((name) => !taken.has(name));
    if (free === undefined) throw new ImportFault('two arguments of the same name', shown(wanted[0] ?? ''));
    taken.add(free);
    return free;
  };
  const args: Argument[] = [];
  const plans = parameters.map(({ plan, ...about }): ParameterPlan => {
    const name = argumentName(plan.name);
    const argument = take(name, `${plan.place}_${name}`.slice(0, 64));
    args.push({ name: argument, ...about });
    return { argument, ...plan };
  });
  const together: Record<string, string[]> = {};
  const bodyPlan = body && planBody(body, taken, take, args, together);
  return {
    schema: schemaOf(document, args, together),
    parameters: plans,
    ...(bodyPlan ? { body: bodyPlan } : {}),
  };
}

function planBody(
  body: Body,
  taken: ReadonlySet<string>,
  take: (...wanted: string[]) => string,
  args: Argument[],
  together: Record<string, string[]>,
): BodyPlan {
  const { kind, contentType, encoding, fields, required, schema, description } = body;
  const common = { kind, contentType, required, ...(Object.keys(encoding).length > 0 ? { encoding } : {}) };
  const names = fields?.map(({ name }) => argumentName(name)) ?? [];
  const stand = fields && names.every((name) => !taken.has(name)) && new Set(names).size === names.length;
  if (!stand) {
    const argument = take('body', 'request_body');
    args.push({ name: argument, required, schema, description, binary: kind === 'binary' });
    return { ...common, argument };
  }
  const needed = fields.filter((field) => field.required).map(({ name }) => argumentName(name));
  const planned = fields.map(({ name, schema, required: isNeeded }) => {
    const argument = take(argumentName(name));
    args.push({ name: argument, required: required && isNeeded, schema, binary: encoding[name]?.binary === true });
    // A body that may be left out needs its required fields as soon as it has any.
    if (!required && needed.length > 0) together[argument] = needed.filter((other) => other !== argument);
    return { argument, name };
  });
  return { ...common, fields: planned };
}

function schemaOf(document: ApiDocument, args: readonly Argument[], together: Record<string, string[]>): JsonObject {
  const inline = tryConvert(document, args, together, 'inline');
  if (inline && JSON.stringify(inline).length <= maxInlineLength) return inline;
  // Models read schemas better without references; where that grows out of hand, each definition stands once.
  const shared = tryConvert(document, args, together, 'shared');
  const lengths = [inline, shared].flatMap((schema) =>
    schema ? [{ schema, length: JSON.stringify(schema).length }] : [],
  );
  const [shortest] = lengths.sort((a, b) => a.length - b.length);
  if (!shortest || shortest.length > maxLength) {
    throw new ImportFault(`arguments whose schema is longer than ${maxLength / 1024} KiB`);
  }
  return shortest.schema;
}

function tryConvert(
  document: ApiDocument,
  args: readonly Argument[],
  together: Record<string, string[]>,
  references: 'inline' | 'shared',
): JsonObject | undefined {
  const converter = createConverter({ document, references, maxNodes: references === 'inline' ? 2_000 : 10_000 });
  try {
    const properties = args.map((argument): [string, Json] => [argument.name, describe(argument, converter.convert)]);
    const required = args.filter((argument) => argument.required).map(({ name }) => name);
    const definitions = converter.definitions();
    return {
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required.length > 0 ? { required } : {}),
      ...(Object.keys(together).length > 0 ? { dependentRequired: together } : {}),
      additionalProperties: false,
      ...(definitions ? { $defs: definitions } : {}),
    };
  } catch (error) {
    if (error instanceof SchemaTooLarge) return undefined;
    throw error;
  }
}

function describe({ schema, description, deprecated, binary }: Argument, convert: (schema: unknown) => Json): Json {
  const own = brief(description, maxDescription);
  const converted = binary ? asBase64(convert(schema)) : convert(schema);
  if (own === undefined && !deprecated) return converted;
  return {
    ...(isObject(converted) ? (converted as JsonObject) : {}),
    ...(own === undefined ? {} : { description: own }),
    ...(deprecated ? { deprecated: true } : {}),
  };
}

/** Bytes are given as base64, the only way in which JSON can hold them. */
function asBase64(schema: Json): JsonObject {
  if (isObject(schema) && schema.type === 'array')
    return { ...(schema as JsonObject), items: asBase64(schema.items ?? {}) };
  const said = isObject(schema) && typeof schema.description === 'string' ? `${schema.description} ` : '';
  return { type: 'string', contentEncoding: 'base64', description: `${said}(as base64)` };
}
