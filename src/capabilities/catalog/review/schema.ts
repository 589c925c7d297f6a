import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { visible } from './characters.ts';
import type { Finding } from './finding.ts';
import { keyPath } from './texts.ts';

/** Where the arguments of a tool became wider, or others than before. */
export function schemaFindings(before: JsonObject, after: JsonObject): Finding[] {
  const findings: Finding[] = [];
  widened(before.inputSchema, after.inputSchema, 'inputSchema', findings, 0);
  return findings;
}

const maxDepth = 20;
/** Limits whose absence allows more. */
const limits = ['pattern', 'format', 'const', 'maxLength', 'maximum', 'maxItems', 'maxProperties'];

function widened(old: Json | undefined, now: Json | undefined, path: string, findings: Finding[], depth: number): void {
  if (!isObject(old) || !isObject(now) || depth > maxDepth) return;
  const before = old as JsonObject;
  const after = now as JsonObject;
  const say = (code: string, key: string, message: string) =>
    findings.push({ code, severity: 'warning', path: key === '' ? path : `${path}.${key}`, message });

  if (before.additionalProperties === false && after.additionalProperties !== false)
    say('schema-opened', 'additionalProperties', 'Takes arguments that it does not name; before it took none.');

  const required = (schema: JsonObject) => new Set(texts(schema.required));
  const came = [...required(after)].filter((name) => !required(before).has(name));
  const gone = [...required(before)].filter((name) => !required(after).has(name));
  if (came.length > 0) say('required-added', 'required', `Newly requires ${listed(came)}.`);
  if (gone.length > 0) say('required-removed', 'required', `No longer requires ${listed(gone)}.`);

  if (Array.isArray(before.enum)) {
    const values = new Set(before.enum.map((each) => JSON.stringify(each)));
    const more = Array.isArray(after.enum)
      ? after.enum.map((each) => JSON.stringify(each)).filter((each) => !values.has(each))
      : [];
    if (!Array.isArray(after.enum))
      say('enum-widened', 'enum', 'Takes any value; before it took only those of a list.');
    else if (more.length > 0) say('enum-widened', 'enum', `Takes more values than before: ${listed(more)}.`);
  }
  const types = new Set(texts(before.type));
  const moreTypes = texts(after.type).filter((each) => !types.has(each));
  if (types.size > 0 && (moreTypes.length > 0 || after.type === undefined))
    say(
      'type-changed',
      'type',
      moreTypes.length > 0 ? `Newly takes ${listed(moreTypes)}.` : 'Takes values of any type.',
    );
  for (const limit of limits) {
    const [was, is] = [before[limit], after[limit]];
    const raised = typeof was === 'number' && typeof is === 'number' && is > was;
    if (was !== undefined && (is === undefined || raised))
      say('limit-loosened', limit, is === undefined ? 'Has no such limit any more.' : `Allows ${is}; before ${was}.`);
  }
  for (const keyword of ['properties', '$defs', 'definitions']) {
    const [inner, outer] = [before[keyword], after[keyword]];
    if (!isObject(inner) || !isObject(outer)) continue;
    for (const key of Object.keys(outer))
      if (Object.hasOwn(inner, key))
        widened(inner[key] as Json, outer[key] as Json, keyPath(`${path}.${keyword}`, key), findings, depth + 1);
  }
  widened(before.items, after.items, `${path}.items`, findings, depth + 1);
}

const texts = (value: Json | undefined): string[] =>
  (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string');

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => visible(name.slice(0, 80)));
  return shown.join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '');
}
