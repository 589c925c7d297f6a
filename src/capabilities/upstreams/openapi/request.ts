import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { ArgumentFault, ImportFault } from './faults.ts';
import type { BodyPlan, FieldEncoding, OperationPlan, ParameterPlan, Place, SecretPlan } from './plan.ts';
import { encodeAll, headerText, pathText, queryPairs, textOf } from './serialize.ts';

/** What the settings add to each request. */
export interface Own {
  headers: Record<string, string>;
  /** By security scheme. */
  secrets: Record<string, string>;
  userAgent: string;
}

export interface ApiRequest {
  url: string;
  method: string;
  headers: Headers;
  body?: string | Uint8Array<ArrayBuffer>;
}

/** The HTTP request of one call. Throws `ArgumentFault`. */
export async function requestOf(
  plan: OperationPlan,
  given: JsonObject,
  own: Own,
  trace: JsonObject = {},
): Promise<ApiRequest> {
  // Without what every object has: an argument may be called `constructor`.
  const args: JsonObject = Object.assign(Object.create(null), given);
  const at = (place: Place) => plan.parameters.filter((parameter) => parameter.place === place);
  const secretsAt = (place: Place) => plan.secrets.filter((secret) => secret.place === place);
  const query = [
    ...at('query').flatMap((parameter) => queryPairs(parameter.name, args[parameter.argument], parameter)),
    ...secretsAt('query').map((secret) => `${encodeAll(secret.name)}=${encodeAll(secretText(secret, own))}`),
  ];
  const path = pathOf(plan, at('path'), args);
  const url = `${plan.base}${path}${query.length === 0 ? '' : `${path.includes('?') ? '&' : '?'}${query.join('&')}`}`;

  const headers = new Headers({ accept: plan.accept, 'user-agent': own.userAgent });
  for (const parameter of at('header')) {
    const value = args[parameter.argument];
    if (isGiven(value)) setHeader(headers, parameter, headerText(parameter, value));
  }
  for (const name of ['traceparent', 'tracestate']) {
    if (typeof trace[name] === 'string') headers.set(name, trace[name]);
  }
  const cookies = [
    ...at('cookie').flatMap((parameter) => {
      const value = args[parameter.argument];
      return isGiven(value) ? [`${encodeAll(parameter.name)}=${headerText(parameter, value, encodeAll)}`] : [];
    }),
    ...secretsAt('cookie').map((secret) => `${secret.name}=${secretText(secret, own)}`),
  ];
  if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
  for (const secret of secretsAt('header')) headers.set(secret.name, secretText(secret, own));
  for (const [name, value] of Object.entries(own.headers)) headers.set(name, value);

  const body = plan.body && (await encodeBody(plan.body, args));
  if (!body) return { url, method: plan.method, headers };
  headers.set('content-type', body.contentType);
  return { url, method: plan.method, headers, body: body.content };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function pathOf(plan: OperationPlan, parameters: readonly ParameterPlan[], args: JsonObject): string {
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const path = plan.path.replace(/\{([^{}]*)\}/g, (all, name: string) => {
    const parameter = byName.get(name);
    if (!parameter) return all;
    const value = args[parameter.argument];
    const text = isGiven(value) ? pathText(parameter, value) : '';
    // An empty part would make it the path of another operation.
    if (text === '') throw new ArgumentFault(`"${parameter.argument}" must not be empty`);
    return text;
  });
  // URLs drop such segments, however they are encoded: the request would reach another operation.
  const [plain = ''] = path.split('?');
  if (plain.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new ArgumentFault('no part of the path may be "." or ".."');
  }
  return path;
}

function setHeader(headers: Headers, { name, argument }: ParameterPlan, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw new ArgumentFault(`"${argument}" has characters that a header cannot hold`);
  }
}

function secretText({ scheme, format }: SecretPlan, { secrets }: Own): string {
  const value = secrets[scheme] ?? '';
  if (format === 'basic') return `Basic ${Buffer.from(value).toString('base64')}`;
  return format === 'bearer' ? `Bearer ${value}` : value;
}

/** Throws `ImportFault` for a value of the settings that no header can hold: each call would fail, and its error repeat it. */
export function assertSendable(plans: readonly OperationPlan[], own: Own): void {
  const secrets = new Map(plans.flatMap((plan) => plan.secrets.map((secret) => [secret.scheme, secret])));
  const sent = [
    ...Object.entries(own.headers).map(([name, value]) => ({ label: `headers.${name}`, name, value })),
    ...[...secrets.values()]
      .filter(({ place }) => place !== 'query')
      .map((secret) => ({
        label: `secrets.${secret.scheme}`,
        name: secret.place === 'cookie' ? 'cookie' : secret.name,
        value: secret.place === 'cookie' ? `${secret.name}=${secretText(secret, own)}` : secretText(secret, own),
      })),
  ];
  for (const { label, name, value } of sent) {
    try {
      new Headers().set(name, value);
    } catch {
      throw new ImportFault('a value of its settings cannot be sent', `${label}: it does not fit into a header`);
    }
  }
}

interface EncodedBody {
  contentType: string;
  content: string | Uint8Array<ArrayBuffer>;
}

/** Undefined where no argument is given and none is needed. */
async function encodeBody(plan: BodyPlan, args: JsonObject): Promise<EncodedBody | undefined> {
  const value = plan.fields ? fieldsOf(plan, args) : args[plan.argument ?? ''];
  if (value === undefined) return undefined;
  const { contentType, kind } = plan;
  switch (kind) {
    case 'json':
      return { contentType, content: JSON.stringify(value) };
    case 'text':
      return { contentType, content: textOf(value) };
    case 'binary':
      return { contentType, content: bytesOf(value, plan.argument ?? 'body') };
    case 'form':
      return { contentType, content: formText(plan, asFields(value)) };
    case 'multipart':
      return multipart(plan, asFields(value));
  }
}

function fieldsOf({ fields = [], required }: BodyPlan, args: JsonObject): JsonObject | undefined {
  const given = fields.filter(({ argument }) => args[argument] !== undefined);
  if (given.length === 0 && !required) return undefined;
  return Object.fromEntries(given.map(({ argument, name }) => [name, args[argument] ?? null]));
}

function asFields(value: unknown): JsonObject {
  if (!isObject(value)) throw new ArgumentFault('the body must be an object');
  return value as JsonObject;
}

const usual: FieldEncoding = { style: 'form', explode: true };

function formText({ encoding = {} }: BodyPlan, fields: JsonObject): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => {
      const how = Object.hasOwn(encoding, name) ? encoding[name] : undefined;
      // Without a word on it, objects in forms are JSON.
      return queryPairs(name, value, how ?? { ...usual, ...(isObject(value) ? { json: true } : {}) });
    })
    .join('&');
}

async function multipart({ encoding = {} }: BodyPlan, fields: JsonObject): Promise<EncodedBody> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    const how = (Object.hasOwn(encoding, name) ? encoding[name] : undefined) ?? usual;
    for (const item of Array.isArray(value) && !how.json ? value : [value]) {
      if (!isGiven(item)) continue;
      if (how.binary) form.append(name, new Blob([bytesOf(item, name)], typeOf(how)), name);
      else if (how.contentType === undefined && !isObject(item)) form.append(name, textOf(item));
      else form.append(name, new Blob([textOf(item)], typeOf(how, 'application/json')));
    }
  }
  // Whoever knows how to write such a body chooses its boundary, too.
  const written = new Response(form);
  const content = new Uint8Array(await written.arrayBuffer());
  return { contentType: written.headers.get('content-type') ?? 'multipart/form-data', content };
}

function typeOf({ contentType }: FieldEncoding, otherwise = 'application/octet-stream'): { type: string } {
  return { type: contentType === undefined || contentType.includes('*') ? otherwise : contentType };
}

function bytesOf(value: unknown, argument: string): Uint8Array<ArrayBuffer> {
  const text = typeof value === 'string' ? value.replace(/\s+/g, '') : undefined;
  if (text === undefined || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) {
    throw new ArgumentFault(`"${argument}" must be bytes as base64`);
  }
  return new Uint8Array(Buffer.from(text, 'base64'));
}
