import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { linksOf } from './links.ts';
import type { OperationPlan, ParameterPlan } from './plan.ts';

/** Where the page after this one is. */
export interface NextPage {
  /** Arguments that differ from those of this call; undefined where no argument of the tool leads there. */
  arguments?: JsonObject;
}

interface Answered {
  plan: OperationPlan;
  args: JsonObject;
  /** What was asked for. */
  url: string;
  link: string | null;
  body: unknown;
}

/** What follows the page that an API gave, by its `Link` header or by what is usual in bodies; undefined for nothing. */
export function nextPage({ plan, args, url, link, body }: Answered): NextPage | undefined {
  if (plan.method !== 'GET') return undefined;
  const [linked] = linksOf(link, 'next');
  if (linked !== undefined) return byUrl(plan, args, url, linked);
  if (!isObject(body)) return undefined;
  const envelopes = envelopesOf(body);
  if (envelopes.some(saysNoMore)) return undefined;
  for (const envelope of envelopes) {
    for (const [field, value] of Object.entries(envelope)) {
      const next = byField(plan, args, url, field, value);
      if (next) return next;
    }
  }
  return byLastItem(plan, args, body);
}

/** Objects in which APIs speak of pages: the body itself, and those in it that are named for it. */
function envelopesOf(body: Record<string, unknown>): Record<string, unknown>[] {
  const inner = Object.entries(body).filter(([name]) => envelopeNames.has(plainName(name)));
  const found = inner.map(([, value]) => value).filter(isObject);
  const deeper = found.flatMap((each) => Object.entries(each).filter(([name]) => envelopeNames.has(plainName(name))));
  return [body, ...found, ...deeper.map(([, value]) => value).filter(isObject)];
}

const envelopeNames = new Set([
  'meta',
  'metadata',
  'responsemetadata',
  'pagination',
  'paging',
  'page',
  'pageinfo',
  'links',
  'cursors',
]);

const noMore: Record<string, unknown> = {
  hasmore: false,
  hasnext: false,
  hasnextpage: false,
  islast: true,
  islastpage: true,
};

function saysNoMore(envelope: Record<string, unknown>): boolean {
  return Object.entries(envelope).some(([name, value]) => {
    const plain = plainName(name);
    return Object.hasOwn(noMore, plain) && noMore[plain] === value;
  });
}

/** Fields that hold the address of the next page, an object with one in `href`, or a cursor. */
const nextFields = new Set([
  ...['next', 'nexturl', 'nexturi', 'nextlink', 'nexthref', 'nextpageurl', 'odatanextlink'],
  ...['nextcursor', 'nextpagetoken', 'nextpagecursor', 'nexttoken', 'nextpage', 'nextoffset', 'nextmarker'],
  ...['continuationtoken', 'nextcontinuationtoken', 'endcursor', 'after'],
]);

function byField(
  plan: OperationPlan,
  args: JsonObject,
  url: string,
  field: string,
  value: unknown,
): NextPage | undefined {
  const name = plainName(field);
  if (!nextFields.has(name)) return undefined;
  const target = isObject(value) ? value.href : value;
  if (typeof target === 'number') return byCursor(plan, args, name, target);
  if (typeof target !== 'string' || target === '') return undefined;
  if (/^https?:\/\/|^[/?]/.test(target)) return byUrl(plan, args, url, target);
  return byCursor(plan, args, name, target);
}

/** Arguments by which cursors are handed back, the most telling first. */
const cursorArguments = [
  'cursor',
  'pagetoken',
  'nexttoken',
  'token',
  'continuationtoken',
  'after',
  'startingafter',
  'marker',
];

function byCursor(plan: OperationPlan, args: JsonObject, field: string, value: string | number): NextPage {
  const own = field.replace(/^next|^end/, '');
  const usual =
    typeof value === 'number' ? ['page', 'pagenumber', 'offset', ...cursorArguments] : [...cursorArguments, 'page'];
  const byName = new Map(queryOf(plan).map((parameter) => [plainName(parameter.name), parameter]));
  for (const name of [own, field, ...usual]) {
    const parameter = byName.get(name);
    if (!parameter || (parameter.type === 'number' && !Number.isFinite(Number(value)))) continue;
    return changed(args, { [parameter.argument]: asTyped(parameter, [String(value)]) });
  }
  return {};
}

function byUrl(plan: OperationPlan, args: JsonObject, url: string, target: string): NextPage {
  if (!URL.canParse(target, url)) return {};
  const here = new URL(url);
  const there = new URL(target, url);
  if (there.pathname !== here.pathname) return {};
  const byName = new Map(queryOf(plan).map((parameter) => [parameter.name, parameter]));
  const next: JsonObject = {};
  for (const name of new Set(there.searchParams.keys())) {
    const values = there.searchParams.getAll(name);
    if (same(values, here.searchParams.getAll(name))) continue;
    const parameter = byName.get(name) ?? byName.get(name.replace(/\[\d*\]$/, ''));
    if (!parameter || parameter.json) return {};
    next[parameter.argument] = asTyped(parameter, values);
  }
  return changed(args, next);
}

/** `{"data": [..., {"id": "x"}], "has_more": true}`, continued by `starting_after=x`. */
function byLastItem(plan: OperationPlan, args: JsonObject, body: Record<string, unknown>): NextPage | undefined {
  if (body.has_more !== true) return undefined;
  const after = queryOf(plan).find(({ name }) => ['startingafter', 'after', 'afterid'].includes(plainName(name)));
  const items = Array.isArray(body.data) ? body.data : [];
  const last: unknown = items.at(-1);
  const id = isObject(last) ? last.id : undefined;
  if (!after || (typeof id !== 'string' && typeof id !== 'number')) return {};
  return changed(args, { [after.argument]: asTyped(after, [String(id)]) });
}

/** A next page that is this one again is none. */
function changed(args: JsonObject, next: JsonObject): NextPage {
  const entries = Object.entries(next).filter(([name, value]) => JSON.stringify(args[name]) !== JSON.stringify(value));
  return entries.length > 0 ? { arguments: Object.fromEntries(entries) } : {};
}

function asTyped({ type }: ParameterPlan, values: readonly string[]): Json {
  const [value = ''] = values;
  if (type === 'array') return [...values];
  if (type === 'number' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  return type === 'boolean' && /^(true|false)$/.test(value) ? value === 'true' : value;
}

function queryOf({ parameters }: OperationPlan): ParameterPlan[] {
  return parameters.filter(({ place }) => place === 'query');
}

/** `next_page_token`, `nextPageToken` and `@odata.nextLink` alike. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}
