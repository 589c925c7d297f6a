import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { parseDocument, stepsOf } from './document.ts';
import { identityOf, nameOf, type Operation, operationsOf } from './import.ts';
import { brief } from './names.ts';
import { createSelector, type Selection } from './select.ts';

/**
 * What is needed of a document to import the selected operations, so that a small choice out of a large document is small
 * enough to be sent to a server. Throws `ImportFault`.
 */
export function pruneDocument(text: string, select: Selection): JsonObject {
  const document = parseDocument(text);
  const { root } = document;
  const selector = createSelector(select);
  const taken = new Set<string>();
  const paths: Record<string, JsonObject> = {};
  for (const found of operationsOf(document, [])) {
    const tool = nameOf(found, taken);
    if (!selector.takes({ ...identityOf(found), tool })) continue;
    taken.add(tool);
    const { servers, parameters } = found.item;
    const item = paths[found.path] ?? { ...defined({ servers, parameters }) };
    paths[found.path] = { ...item, [found.method]: bare(found) };
  }
  const info = isObject(root.info) ? root.info : {};
  const components = isObject(root.components) ? root.components : {};
  const { openapi = '', servers, security } = root;
  const pruned: JsonObject = {
    openapi,
    info: {
      ...defined({ title: info.title, version: info.version }),
      description: brief(info.description, 2_000) ?? '',
    },
    ...defined({ servers, security }),
    components: defined({ securitySchemes: components.securitySchemes }),
    paths,
  };
  withReferences(root, pruned);
  return pruned;
}

/** An operation without what an import does not look at. */
function bare({ operation }: Operation): JsonObject {
  const { callbacks: _, externalDocs: __, responses, ...rest } = operation;
  const successes = Object.entries(isObject(responses) ? responses : {}).filter(([status]) =>
    /^(2|default)/.test(status),
  );
  const own = Object.entries(rest).filter(([key]) => !key.startsWith('x-'));
  return { ...Object.fromEntries(own), responses: Object.fromEntries(successes) } as JsonObject;
}

/** Copies to `out`, at the same place, what it refers to in `root`, and what that refers to. */
function withReferences(root: JsonObject, out: JsonObject): void {
  const seen = new Set<string>();
  const waiting: Json[] = Object.values(out);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...next);
    if (!isObject(next)) continue;
    waiting.push(...Object.values(next as JsonObject));
    const { $ref } = next;
    const steps = typeof $ref === 'string' && !seen.has($ref) ? stepsOf($ref) : undefined;
    if (!steps) continue; // where it leads nowhere, the import says so
    seen.add(String($ref));
    const found = copyAt(root, out, steps);
    if (found !== undefined) waiting.push(found);
  }
}

/**
 * Copies what stands at a pointer. A list on the way is copied whole, and so is a path, whose operations a selection must
 * still tell apart.
 */
function copyAt(root: JsonObject, out: JsonObject, steps: readonly string[]): Json | undefined {
  let from: Json = root;
  let to = out;
  for (const [index, step] of steps.entries()) {
    if (!isObject(from) || !Object.hasOwn(from, step)) return undefined;
    const value = (from as JsonObject)[step] as Json;
    if (to[step] === value) return undefined; // it is all there
    const isPath = steps[0] === 'paths' && index === 1;
    if (index === steps.length - 1 || isPath || !isObject(value)) {
      to[step] = value;
      return value;
    }
    const inner = to[step];
    to[step] = isObject(inner) ? (inner as JsonObject) : {};
    to = to[step] as JsonObject;
    from = value as JsonObject;
  }
  return undefined;
}

function defined(fields: Record<string, unknown>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}
