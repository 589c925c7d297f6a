import { isObject, type JsonObject } from '../../../kernel/json.ts';
import type { ToolDefinition } from '../../../kernel/tool.ts';
import { bodyOf } from './body.ts';
import { type ApiDocument, parseDocument, shown } from './document.ts';
import { ImportFault } from './faults.ts';
import { inputsOf } from './inputs.ts';
import { brief, nameByPath, toolName } from './names.ts';
import { outlineOf } from './outline.ts';
import { isJson, parametersOf } from './parameters.ts';
import type { ApiImport, ImportOptions, LeftOut, OperationPlan } from './plan.ts';
import { createSecurity, type Given, type Security } from './security.ts';
import { createSelector } from './select.ts';
import { findServers, type Servers } from './servers.ts';

/** One operation of a document, with where it stands. */
export interface Operation {
  method: string;
  path: string;
  item: JsonObject;
  operation: JsonObject;
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;
const maxTools = 5_000;
const maxLength = 32 * 1024 * 1024;
const maxLeftOut = 2_000;
const maxDescription = 1_500;

/** What HTTP promises of each method (RFC 9110, 9.2). */
const safeMethods = ['get', 'head', 'options'];
const idempotentMethods = [...safeMethods, 'put', 'delete'];

/**
 * Makes tools of the selected operations of an OpenAPI document. An operation that cannot become one is left out with its
 * reason; throws `ImportFault` where that is so of the document as a whole.
 */
export function importDocument(text: string, options: ImportOptions): ApiImport {
  const document = parseDocument(text);
  const given: Given = {
    secrets: new Set(options.secrets),
    headers: new Set(options.headers.map((name) => name.toLowerCase())),
  };
  const sendsSecrets = given.secrets.size > 0 || given.headers.size > 0;
  const servers = findServers(document, { ...options, sendsSecrets });
  const security = createSecurity(document, given);
  const selector = createSelector(options.select ?? {});
  const fixed = new Set([...[...given.headers].map((name) => `header ${name}`), ...security.places]);
  const tools: ToolDefinition[] = [];
  const plans: OperationPlan[] = [];
  const leftOut: LeftOut[] = [];
  const taken = new Set<string>();
  let length = 0;

  for (const found of operationsOf(document, leftOut)) {
    const label = labelOf(found);
    const tool = nameOf(found, taken);
    if (!selector.takes({ ...identityOf(found), tool })) continue;
    try {
      if (taken.has(tool)) throw new ImportFault('a name that another operation has', shown(tool));
      if (tools.length >= maxTools) throw new ImportFault(`more than ${maxTools} operations`);
      const made = toolOf({ document, servers, security, fixed, destructive: options.destructive, tool, ...found });
      length += JSON.stringify(made.definition).length;
      if (length > maxLength) throw new ImportFault(`definitions of more than ${maxLength / 1024 ** 2} MiB together`);
      taken.add(tool);
      tools.push(made.definition);
      plans.push(made.plan);
    } catch (error) {
      leftOut.push({ name: label, ...reasonOf(error) });
    }
  }
  for (const name of security.unknown) {
    leftOut.push({ name: `secrets.${name}`, reason: 'a secret that the document does not ask for' });
  }
  for (const name of selector.unmatched()) leftOut.push({ name, reason: 'a selection that no operation matches' });

  const info = isObject(document.root.info) ? document.root.info : {};
  const title = brief(info.title, 200) ?? 'an API';
  const instructions = brief([title, brief(info.description, 2_000)].filter(Boolean).join('. '), 2_000);
  return {
    title,
    apiVersion: String(info.version ?? ''),
    version: document.version,
    base: servers.base,
    ...(instructions === undefined ? {} : { instructions }),
    tools,
    plans,
    leftOut: bounded(leftOut),
  };
}

function bounded(leftOut: LeftOut[]): LeftOut[] {
  if (leftOut.length <= maxLeftOut) return leftOut;
  return [...leftOut.slice(0, maxLeftOut), { name: '', reason: 'and more of this kind', more: true }];
}

/** Every operation in the order of the document. A path that cannot be read is one thing that is left out. */
export function operationsOf(document: ApiDocument, leftOut: LeftOut[]): Operation[] {
  const { paths } = document.root;
  if (!isObject(paths)) throw new ImportFault('its OpenAPI document cannot be used', 'it has no paths');
  return Object.entries(paths).flatMap(([path, raw]) => {
    try {
      if (!path.startsWith('/')) return []; // an extension
      if (path.includes('#')) throw new ImportFault('a path that cannot be called');
      const { value: item } = document.resolve(raw);
      if (!isObject(item)) throw new ImportFault('a path that is not described');
      return methods.flatMap((method) => {
        const operation = item[method];
        return isObject(operation) ? [{ method, path, item, operation } as Operation] : [];
      });
    } catch (error) {
      leftOut.push({ name: path.slice(0, 100), ...reasonOf(error) });
      return [];
    }
  });
}

/** By what the settings may select it. */
export function identityOf({ method, path, operation }: Operation) {
  const { operationId, tags } = operation;
  return {
    ...(typeof operationId === 'string' ? { operationId } : {}),
    method,
    path,
    tags: (Array.isArray(tags) ? tags : []).filter((tag) => typeof tag === 'string'),
  };
}

/** By its operation id; by method and path where there is none, or another operation has that name. */
export function nameOf({ method, path, operation }: Operation, taken: ReadonlySet<string>): string {
  const byId = typeof operation.operationId === 'string' ? toolName(operation.operationId) : undefined;
  return byId !== undefined && !taken.has(byId) ? byId : nameByPath(method, path);
}

function labelOf({ method, path, operation }: Operation): string {
  const { operationId } = operation;
  return (typeof operationId === 'string' ? operationId : `${method.toUpperCase()} ${path}`).slice(0, 100);
}

function reasonOf(error: unknown): Pick<LeftOut, 'reason' | 'detail'> {
  if (!(error instanceof ImportFault)) throw error;
  return { reason: error.message, ...(error.detail === undefined ? {} : { detail: error.detail }) };
}

interface Made {
  definition: ToolDefinition;
  plan: OperationPlan;
}

function toolOf({
  document,
  servers,
  security,
  fixed,
  destructive,
  tool,
  method,
  path,
  item,
  operation,
}: Operation & {
  document: ApiDocument;
  servers: Servers;
  security: Security;
  fixed: ReadonlySet<string>;
  destructive: readonly string[];
  tool: string;
}): Made {
  const base = servers.baseOf(item, operation);
  const secrets = security.planFor(operation);
  const { schema, parameters, body } = inputsOf(
    document,
    parametersOf(document, item, operation, path, fixed),
    method === 'get' || method === 'head' ? undefined : bodyOf(document, operation),
  );
  const outputSchema = method === 'head' ? undefined : outlineOf(document, operation);
  const title = brief(operation.summary, 100);
  return {
    definition: {
      name: tool,
      ...(title === undefined ? {} : { title }),
      description: descriptionOf(operation, method, path),
      inputSchema: schema,
      ...(outputSchema ? { outputSchema } : {}),
      annotations: {
        ...(title === undefined ? {} : { title }),
        readOnlyHint: safeMethods.includes(method),
        destructiveHint: destructive.includes(method.toUpperCase()),
        idempotentHint: idempotentMethods.includes(method),
        openWorldHint: true,
      },
    },
    plan: {
      tool,
      method: method.toUpperCase(),
      base,
      path,
      parameters,
      ...(body ? { body } : {}),
      secrets,
      accept: acceptOf(document, operation),
      promisesOutput: outputSchema !== undefined,
    },
  };
}

function descriptionOf(operation: JsonObject, method: string, path: string): string {
  const summary = brief(operation.summary, 300);
  const description = brief(operation.description, maxDescription);
  const said = description?.startsWith(summary ?? '\n') ? [description] : [summary, description];
  const text = said.filter((each) => each !== undefined).join('\n\n') || `${method.toUpperCase()} ${path}`;
  return operation.deprecated === true ? `Deprecated. ${text}` : text;
}

function acceptOf(document: ApiDocument, operation: JsonObject): string {
  const responses = Object.entries(isObject(operation.responses) ? operation.responses : {});
  const types = responses.flatMap(([status, raw]) => {
    if (!/^(2(\d\d|XX)|default)$/i.test(status)) return [];
    const { value } = document.resolve(raw);
    return isObject(value) && isObject(value.content) ? Object.keys(value.content) : [];
  });
  const known = [...new Set(types)].filter((type) => /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(;[ \w.=+-]+)?$/.test(type));
  const json = known.filter(isJson);
  const wanted = (json.length > 0 ? json : known).slice(0, 4);
  return [...(wanted.length > 0 ? wanted : ['application/json']), '*/*;q=0.5'].join(', ');
}
