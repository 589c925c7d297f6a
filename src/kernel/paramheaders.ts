import { isObject, type JsonObject } from './json.ts';

// `x-mcp-header` of revision 2026-07-28 (Streamable HTTP, "Schema Extension"): a tool's parameter that is mirrored
// in the HTTP header `Mcp-Param-<name>`, so that balancers and firewalls can read it without the body.

interface Declaration {
  path: readonly string[];
  header: string;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/; // RFC 9110, 5.6.2
const mirroredTypes = ['string', 'integer', 'boolean'];
const maxDepth = 64;

/** Why a tool's declarations break the rules, in which case the tool must not be offered; undefined when they are fine. */
export function headerFault(inputSchema: unknown): string | undefined {
  try {
    declarations(inputSchema);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The `Mcp-Param-*` headers for one call of a tool. */
export function mirroredHeaders(inputSchema: unknown, args: JsonObject): Record<string, string> {
  const headers: Record<string, string> = {};
  let declared: Declaration[];
  try {
    declared = declarations(inputSchema);
  } catch {
    return headers; // such a tool is not listed; one called by name all the same goes without
  }
  for (const { path, header } of declared) {
    const text = asHeaderText(valueAt(args, path));
    if (text !== undefined) headers[`Mcp-Param-${header}`] = encodeHeaderValue(text);
  }
  return headers;
}

/**
 * What is wrong with the headers that came with a call, in words for its caller; undefined when they tell what the
 * arguments tell. A header for an argument that was not sent says nothing.
 */
export function paramHeaderFault(
  inputSchema: unknown,
  args: JsonObject,
  header: (name: string) => string | null,
): string | undefined {
  let declared: Declaration[];
  try {
    declared = declarations(inputSchema);
  } catch {
    return undefined; // no client mirrors what breaks the rules
  }
  for (const { path, header: suffix } of declared) {
    const value = valueAt(args, path);
    const text = asHeaderText(value);
    if (text === undefined) continue;
    const name = `Mcp-Param-${suffix}`;
    const sent = header(name);
    if (sent === null) return `the argument "${path.join('.')}" must be sent as the header ${name} too`;
    const told = decodeHeaderValue(sent);
    if (told === undefined) return `the header ${name} is not canonical Base64 of UTF-8`;
    const agrees = typeof value === 'number' && decimal.test(told) ? Number(told) === value : told === text;
    if (!agrees) return `the header ${name} says something else than the argument "${path.join('.')}"`;
  }
  return undefined;
}

/** Looked for once in each schema: they are never changed, and each call of their tool asks twice. */
const known = new WeakMap<object, Declaration[]>();

function declarations(inputSchema: unknown): Declaration[] {
  if (!isObject(inputSchema)) return [];
  const found = known.get(inputSchema);
  if (found) return found;
  const made = findDeclarations(inputSchema);
  known.set(inputSchema, made);
  return made;
}

function findDeclarations(inputSchema: object): Declaration[] {
  const found: Declaration[] = [];
  const seen = new Set<string>();
  const visit = (node: unknown, path: readonly string[], reachable: boolean, depth: number): void => {
    if (depth > maxDepth) throw new Error('its input schema is nested too deeply');
    if (Array.isArray(node)) {
      for (const entry of node) visit(entry, path, false, depth + 1);
      return;
    }
    if (!isObject(node)) return;
    if ('x-mcp-header' in node) found.push(declaration(node, path, reachable, seen));
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === 'properties' && isObject(value)) {
        for (const [name, child] of Object.entries(value)) visit(child, [...path, name], reachable, depth + 1);
      } else if (subschemas.has(keyword)) visit(value, path, false, depth + 1);
      else if (namedSubschemas.has(keyword) && isObject(value)) {
        for (const child of Object.values(value)) visit(child, path, false, depth + 1);
      }
    }
  };
  visit(inputSchema, [], true, 0);
  return found;
}

// Below these keywords whether a value is there depends on the arguments, so the specification forbids the extension.
const subschemas = new Set(
  [
    'items prefixItems contains additionalProperties unevaluatedProperties unevaluatedItems propertyNames',
    'oneOf anyOf allOf not if then else',
  ].flatMap((line) => line.split(' ')),
);
const namedSubschemas = new Set(['patternProperties', 'dependentSchemas', '$defs', 'definitions']);

function declaration(
  node: Record<string, unknown>,
  path: readonly string[],
  reachable: boolean,
  seen: Set<string>,
): Declaration {
  const header = node['x-mcp-header'];
  if (!reachable || path.length === 0) throw new Error('x-mcp-header stands where no parameter is always reachable');
  if (typeof header !== 'string' || !token.test(header)) throw new Error('x-mcp-header is not a header name');
  if (typeof node.type !== 'string' || !mirroredTypes.includes(node.type)) {
    throw new Error('x-mcp-header stands on a parameter that is no string, integer or boolean');
  }
  if (seen.has(header.toLowerCase())) throw new Error('x-mcp-header names one header twice');
  seen.add(header.toLowerCase());
  return { path, header };
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function asHeaderText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}

/** A value as it is where it is safe in a header, otherwise in the Base64 form that the specification gives. */
export function encodeHeaderValue(text: string): string {
  const safe = text !== '' && text === text.trim() && /^[\t\x20-\x7e]*$/.test(text) && !/^=\?base64\?.*\?=$/.test(text);
  return safe ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

const decimal = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Undefined where the Base64 form holds anything but canonical Base64 of UTF-8. */
function decodeHeaderValue(sent: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(sent)?.[1];
  if (encoded === undefined) return sent;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
