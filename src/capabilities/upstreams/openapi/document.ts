import { LineCounter, parseDocument as parseYaml } from 'yaml';
import { isObject, JsonFault, type JsonObject, parseJson } from '../../../kernel/json.ts';
import { ImportFault } from './faults.ts';

/** An OpenAPI document of which nothing is known but its version. */
export interface ApiDocument {
  /** As it says itself, such as `3.0.3`. */
  version: string;
  /** Its schemas are of JSON Schema 2020-12, or of the dialect that OpenAPI 3.0 has of its own. */
  dialect: '3.0' | '2020-12';
  root: JsonObject;
  /**
   * What an object stands for: itself, or what its `$ref` leads to, through as many references as there are.
   * `pointer` is where that stands. Throws `ImportFault` for what leads out of the document, nowhere or round in a circle.
   */
  resolve(node: unknown): { value: unknown; pointer?: string };
}

const maxLength = 64 * 1024 * 1024;
const maxHops = 32;
const maxAliases = 1_000;

/** Reads JSON or YAML. Throws `ImportFault`. */
export function parseDocument(text: string): ApiDocument {
  const root = /^[\s\uFEFF]*\{/.test(text) ? asJson(text) : asYaml(text);
  if (!isObject(root)) throw unusable('it is not an object');
  return openDocument(root as JsonObject);
}

/** Throws `ImportFault` for what is no OpenAPI document of a version that is known. */
export function openDocument(root: JsonObject): ApiDocument {
  const version = root.openapi;
  if (typeof root.swagger === 'string') {
    throw unusable(
      `it is Swagger ${root.swagger.slice(0, 10)}; convert it to OpenAPI 3, such as by converter.swagger.io`,
    );
  }
  if (typeof version !== 'string') throw unusable('it does not say by "openapi" which version it has');
  if (!/^3\.[012](\.|$)/.test(version))
    throw unusable(`its version ${version.slice(0, 20)} is not known; 3.0 and 3.1 are`);
  const dialect = version.startsWith('3.0') ? '3.0' : '2020-12';
  return { version, dialect, root, resolve: (node) => resolve(root, node) };
}

function resolve(root: JsonObject, node: unknown): { value: unknown; pointer?: string } {
  let value = node;
  let pointer: string | undefined;
  for (let hops = 0; isObject(value) && typeof value.$ref === 'string'; hops++) {
    if (hops === maxHops) throw new ImportFault('a reference that leads round in a circle', shown(value.$ref));
    pointer = value.$ref;
    value = at(root, pointer);
  }
  return pointer === undefined ? { value } : { value, pointer };
}

function at(root: JsonObject, ref: string): unknown {
  if (!ref.startsWith('#')) {
    const remedy = 'bundle everything into one document first, such as with "redocly bundle"';
    throw new ImportFault('a reference to another document', `${shown(ref)}: ${remedy}`);
  }
  const steps = stepsOf(ref);
  if (!steps) throw new ImportFault('a reference that leads nowhere', shown(ref));
  let here: unknown = root;
  for (const step of steps) {
    const inside = typeof here === 'object' && here !== null && Object.hasOwn(here, step);
    if (!inside) throw new ImportFault('a reference that leads nowhere', shown(ref));
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}

/** A JSON pointer in a URI fragment (RFC 6901, 6); undefined for anything else. */
export function stepsOf(ref: string): string[] | undefined {
  if (!ref.startsWith('#')) return undefined;
  let pointer: string;
  try {
    pointer = decodeURIComponent(ref.slice(1));
  } catch {
    return undefined;
  }
  if (pointer === '') return [];
  // A name instead of a path (`#pet`) is an anchor, which only a JSON Schema of its own can have.
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether what a schema describes is only given by the API, never sent to it. */
export function isReadOnly(document: ApiDocument, schema: unknown): boolean {
  if (!isObject(schema)) return false;
  if (schema.readOnly === true) return true;
  const { value } = document.resolve(schema);
  return isObject(value) && value.readOnly === true;
}

function asJson(text: string): unknown {
  try {
    return parseJson(text.replace(/^\uFEFF/, ''), { maxLength });
  } catch (error) {
    throw unusable(error instanceof JsonFault ? error.message : 'it is not JSON');
  }
}

function asYaml(text: string): unknown {
  if (text.length > maxLength) throw unusable(`it is longer than ${maxLength} characters`);
  const lineCounter = new LineCounter();
  const document = parseYaml(text, { lineCounter, merge: true, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw unusable(`it is neither JSON nor YAML (line ${lineCounter.linePos(error.pos[0]).line})`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: maxAliases });
  } catch {
    throw unusable('its YAML has aliases without an anchor, or too many of them');
  }
  // Through JSON once more: no aliases that share or contain themselves, no dates, the same bounds.
  return asJson(JSON.stringify(value) ?? '');
}

function unusable(detail: string): ImportFault {
  return new ImportFault('its OpenAPI document cannot be used', detail);
}

/** A word of the document in a message of ours. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text);
}
