import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { type ApiDocument, shown } from './document.ts';
import { ImportFault } from './faults.ts';
import { type ParameterPlan, type Place, places, type Serialization, type Style, styles } from './plan.ts';

/** A parameter of an operation as the document describes it. */
export interface Parameter {
  plan: Omit<ParameterPlan, 'argument'>;
  required: boolean;
  schema: unknown;
  description?: string;
  deprecated: boolean;
}

const stylesOf: Record<Place, readonly Style[]> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
};

/** OpenAPI wants these ignored: the request's own content and the security schemes say them. */
const saidElsewhere = ['accept', 'content-type', 'authorization'];

/** What an argument of a caller must never decide. */
const ofTheConnection =
  /^(host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|cookie|proxy-.*|sec-.*)$/;

/**
 * The parameters of an operation, those of its path included, in the order of their places. What is in `fixed`, such as
 * `header x-key`, is decided by the settings and is no argument. Throws `ImportFault` for one that cannot be sent.
 */
export function parametersOf(
  document: ApiDocument,
  item: JsonObject,
  operation: JsonObject,
  path: string,
  fixed: ReadonlySet<string>,
): Parameter[] {
  const byKey = new Map<string, Parameter>();
  for (const raw of [...listOf(item.parameters), ...listOf(operation.parameters)]) {
    const parameter = parameterOf(document, raw);
    const { place, name } = parameter.plan;
    if (place === 'path' && !path.includes(`{${name}}`)) continue;
    if (isDecided(place, name, parameter.required, fixed)) continue;
    byKey.set(`${place} ${name}`, parameter);
  }
  for (const [, name = ''] of path.matchAll(/\{([^{}]*)\}/g)) {
    if (!byKey.has(`path ${name}`)) throw new ImportFault('a path with a part that is not described', shown(name));
  }
  return [...byKey.values()].sort((a, b) => places.indexOf(a.plan.place) - places.indexOf(b.plan.place));
}

function isDecided(place: Place, given: string, required: boolean, fixed: ReadonlySet<string>): boolean {
  const name = place === 'header' ? given.toLowerCase() : given;
  if (fixed.has(`${place} ${name}`)) return true;
  if (place !== 'header') return false;
  if (saidElsewhere.includes(name)) return true;
  if (!ofTheConnection.test(name)) return false;
  if (required) throw new ImportFault('a header that callers may not decide', shown(name));
  return true;
}

function parameterOf(document: ApiDocument, raw: unknown): Parameter {
  const { value } = document.resolve(raw);
  if (!isObject(value) || typeof value.name !== 'string' || value.name === '') {
    throw new ImportFault('a parameter without a name');
  }
  const { name, in: place } = value;
  if (typeof place !== 'string' || !isPlace(place)) {
    throw new ImportFault('a parameter in a place that is not known', `${shown(name)} in ${shown(String(place))}`);
  }
  const [media] = isObject(value.content) ? Object.entries(value.content) : [];
  if (media && !isJson(media[0])) {
    throw new ImportFault('a parameter of a kind that cannot be sent', `${shown(name)}: ${media[0].slice(0, 100)}`);
  }
  const schema = media ? isObject(media[1]) && media[1].schema : value.schema;
  const type = linkType(document, schema);
  return {
    plan: {
      place,
      name,
      ...serializationOf(value, place),
      ...(media ? { json: true as const } : {}),
      ...(type ? { type } : {}),
    },
    required: place === 'path' || value.required === true,
    schema: schema ?? {},
    ...(typeof value.description === 'string' ? { description: value.description } : {}),
    deprecated: value.deprecated === true,
  };
}

function serializationOf(value: Record<string, unknown>, place: Place): Serialization {
  const usual: Style = place === 'query' || place === 'cookie' ? 'form' : 'simple';
  const style = styles.find((known) => known === (value.style ?? usual));
  if (!style || !stylesOf[place].includes(style)) {
    throw new ImportFault('a parameter of a style that cannot be sent', `${shown(String(value.name))}: ${place}`);
  }
  return {
    style,
    explode: typeof value.explode === 'boolean' ? value.explode : style === 'form' || style === 'deepObject',
    ...(value.allowReserved === true && place === 'query' ? { allowReserved: true as const } : {}),
  };
}

/** How a form field is sent that an encoding object says more about. */
export function fieldSerialization(encoding: Record<string, unknown>): Serialization {
  return serializationOf({ ...encoding, name: 'encoding' }, 'query');
}

function linkType(document: ApiDocument, schema: unknown): ParameterPlan['type'] {
  const { value } = document.resolve(schema);
  const type = isObject(value) ? value.type : undefined;
  const [first] = (Array.isArray(type) ? type : [type]).filter((each) => each !== 'null');
  if (first === 'integer' || first === 'number') return 'number';
  return first === 'boolean' || first === 'array' ? first : undefined;
}

function isPlace(text: string): text is Place {
  return places.some((place) => place === text);
}

/** `application/json`, `application/problem+json` and the like; also the range of everything. */
export function isJson(mediaType: string): boolean {
  const [type = ''] = mediaType.toLowerCase().split(';');
  return /^(application|text)\/json$|\+json$|^\*\/\*$|^application\/\*$/.test(type.trim());
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
