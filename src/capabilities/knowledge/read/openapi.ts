import { isObject } from '../../../kernel/json.ts';
import { type Block, type Section, sectionIn, whole } from '../chunk/index.ts';
import type { Content } from './content.ts';
import type { DataNode } from './data-tree.ts';
import type { Lines } from './lines.ts';
import { describeSchema, nameOfRef } from './openapi-schema.ts';

type Values = Record<string, unknown>;

export function isOpenApi(value: unknown): value is Values {
  return isObject(value) && (typeof value.openapi === 'string' || value.swagger === '2.0') && isObject(value.info);
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'];

/** One section an operation and a schema, in words; references stay names. */
export function readOpenApi(api: Values, root: DataNode, lines: Lines): Content {
  const info = valuesOf(api.info);
  const blocks: Block[] = [];
  const add = (section: Section, said: readonly (string | undefined)[], path: readonly string[]) => {
    const text = said.filter((each) => each !== undefined && each !== '').join('\n');
    if (text !== '') blocks.push({ section, kind: 'text', text, place: placeOf(root, path, lines) });
  };
  const servers = listOf(api.servers).map((each) => textIn(each, 'url'));
  const tags = listOf(api.tags).map((tag) => joined(': ', textIn(tag, 'name'), textIn(tag, 'description')));
  add(
    whole,
    [
      textIn(info, 'title'),
      textIn(info, 'description'),
      labelled('Servers', servers.join(', ')),
      labelled('Tags', tags.join('\n')),
    ],
    ['info'],
  );
  for (const [path, item] of Object.entries(valuesOf(api.paths))) {
    const shared = listOf(valuesOf(item).parameters);
    for (const [method, operation] of Object.entries(valuesOf(item))) {
      if (!methods.includes(method) || !isObject(operation)) continue;
      const name = `${method.toUpperCase()} ${path}`;
      add(sectionIn(whole, name), describeOperation(name, operation, shared), ['paths', path, method]);
    }
  }
  const [home, key] = isObject(api.definitions) ? [api.definitions, ['definitions']] : [valuesOf(api.components).schemas, ['components', 'schemas']]; // biome-ignore format: one thought
  for (const [name, schema] of Object.entries(valuesOf(home)))
    add(sectionIn(whole, `schema ${name}`), [`Schema ${name}`, ...describeSchema(schema)], [...key, name]);
  const metadata = { version: textIn(info, 'version') ?? '', operations: blocks.filter(({ section }) => /^[A-Z]+ \//.test(section.headings[0] ?? '')).length }; // biome-ignore format: one thought
  return {
    kind: 'openapi',
    title: textIn(info, 'title'),
    blocks,
    metadata,
    links: servers.filter((each) => each !== undefined),
  };
}

function describeOperation(name: string, operation: Values, shared: readonly unknown[]): (string | undefined)[] {
  const parameters = [...listOf(operation.parameters), ...shared].map(describeParameter);
  const body = valuesOf(operation.requestBody);
  const responses = Object.entries(valuesOf(operation.responses)).flatMap(([status, response]) => [
    `- ${joined(' ', status, textIn(response, 'description') ?? refName(response))}`,
    ...contentOf(response).map((line) => `  ${line}`),
  ]);
  return [
    joined(' ', name, textIn(operation, 'operationId') && `(${textIn(operation, 'operationId')})`),
    textIn(operation, 'summary'),
    textIn(operation, 'description'),
    labelled('Tags', listOf(operation.tags).map(String).join(', ')),
    operation.deprecated === true ? 'Deprecated.' : undefined,
    listed('Parameters', parameters),
    listed('Request body', [...(textIn(body, 'description') ? [textIn(body, 'description')] : []), ...contentOf(body)]),
    listed('Responses', responses),
  ];
}

function describeParameter(parameter: unknown): string {
  const said = refName(parameter);
  if (said !== undefined) return `- ${said}`;
  const given = valuesOf(parameter);
  const [type, ...more] = describeSchema(given.schema ?? given);
  const facts = [textIn(given, 'in'), given.required === true ? 'required' : undefined, type]
    .filter(Boolean)
    .join(', ');
  return [
    `- ${joined(': ', `${textIn(given, 'name')} (${facts})`, textIn(given, 'description'))}`,
    ...more.map((line) => `  ${line}`),
  ].join('\n');
}

function contentOf(message: unknown): string[] {
  const said = refName(message);
  if (said !== undefined) return [said];
  const content = Object.entries(valuesOf(valuesOf(message).content)).map(
    ([type, held]) => [type, valuesOf(held)] as const,
  );
  const old = valuesOf(message).schema; // Swagger 2
  if (old !== undefined) return describeSchema(old);
  return content.flatMap(([type, { schema }]) => {
    const [first = '', ...more] = describeSchema(schema);
    return [joined(' ', type, first), ...more];
  });
}

function placeOf(root: DataNode, path: readonly string[], lines: Lines) {
  let node = root;
  for (const key of path) {
    const next = node.children.find((each) => each.key === key);
    if (!next) return {};
    node = next;
  }
  return { line: lines.lineAt(node.at), endLine: lines.lineAt(Math.max(node.at, node.end - 1)) };
}

function refName(value: unknown): string | undefined {
  return nameOfRef(valuesOf(value).$ref);
}

function valuesOf(value: unknown): Values {
  return isObject(value) ? value : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textIn(value: unknown, key: string): string | undefined {
  const found = valuesOf(value)[key];
  return typeof found === 'string' ? found.trim() : typeof found === 'number' ? String(found) : undefined;
}

function joined(separator: string, ...texts: (string | undefined)[]): string {
  return texts.filter(Boolean).join(separator);
}

function labelled(label: string, text: string): string | undefined {
  return text === '' ? undefined : `${label}: ${text}`;
}

function listed(label: string, lines: readonly (string | undefined)[]): string | undefined {
  return lines.length === 0 ? undefined : `\n${label}:\n${lines.join('\n')}`;
}
