import { parseDocument } from 'yaml';
import { isObject } from '../../../kernel/json.ts';
import type { ReadDocument } from '../types.ts';

export interface FrontMatter {
  /** How many lines of the text it takes; 0 where there is none. */
  lines: number;
  title?: string;
  description?: string;
  metadata: ReadDocument['metadata'];
}

const maxLength = 64 * 1024;
const maxKeys = 100;

/** What stands between `---` lines (YAML) or `+++` lines (TOML, by simple lines) at the beginning of a text. */
export function readFrontMatter(text: string): FrontMatter {
  const none: FrontMatter = { lines: 0, metadata: {} };
  const fence = /^(---|\+\+\+)[ \t]*\n/.exec(text)?.[1];
  if (fence === undefined) return none;
  const end = text.indexOf(`\n${fence}`, fence.length);
  if (end < 0 || end > maxLength || !/^[ \t]*(\n|$)/.test(text.slice(end + 1 + fence.length))) return none;
  const body = text.slice(text.indexOf('\n') + 1, end + 1);
  const values = fence === '---' ? fromYaml(body) : fromToml(body);
  if (values === undefined) return none;
  const metadata: ReadDocument['metadata'] = {};
  flatten(values, '', metadata);
  const { title, description } = metadata;
  return {
    lines: body.split('\n').length + 1,
    ...(typeof title === 'string' && title !== '' ? { title } : {}),
    ...(typeof description === 'string' && description !== '' ? { description } : {}),
    metadata,
  };
}

function fromYaml(body: string): Record<string, unknown> | undefined {
  const document = parseDocument(body, { logLevel: 'silent' });
  if (document.errors.length > 0) return undefined; // a line of text between two rulers
  try {
    const value: unknown = document.toJS({ maxAliasCount: 20 });
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // aliases that would fill the memory
  }
}

function fromToml(body: string): Record<string, unknown> {
  const pairs = body.matchAll(/^[ \t]*([\w.-]+)[ \t]*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\n#]*))/gm);
  return Object.fromEntries([...pairs].map(([, key, double, single, bare]) => [key, double ?? single ?? bare?.trim()]));
}

function flatten(value: unknown, path: string, into: ReadDocument['metadata']): void {
  if (Object.keys(into).length >= maxKeys) return;
  if (value instanceof Date) into[path] = value.toISOString();
  else if (Array.isArray(value) && value.every((each) => !isObject(each))) into[path] = value.join(', ');
  else if (isObject(value) || Array.isArray(value)) {
    for (const [key, each] of Object.entries(value)) flatten(each, path === '' ? key : `${path}.${key}`, into);
  } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') into[path] = value;
}
