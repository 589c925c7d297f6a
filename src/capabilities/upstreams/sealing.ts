import { isWebAddress } from '../../config/addresses.ts';
import { findReferences, isSecretValue } from '../../config/references.ts';
import { httpUpstream, openApiUpstream, stdioUpstream, type UpstreamSettings } from '../../config/schema.ts';
import { InvalidRequest } from '../../kernel/errors.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Keyring, Renewal } from '../../platform/keyring/index.ts';
import type { Standing } from '../../platform/secrets/index.ts';
import { isSecretArg, maskedArgs, maskedDocument, maskedUrl } from './secrets.ts';
import type { Declaration } from './types.ts';

/** What stands for a secret in everything that is given out; given back in a change, it keeps the old value. */
export const hidden = '***';

const reference = /\$\{(?:env|file|vault):[^{}]+\}/;
const wholeReference = /^(?:[A-Za-z]+ )?\$\{(?:env|file|vault):[^{}]+\}$/;

export type ResolveReference = (text: string, org: OrgId) => Promise<string>;

/** Checks what a user wrote. Throws `InvalidRequest` with every fault, never with a value. */
export function parseUpstream(org: OrgId, input: unknown): UpstreamSettings {
  const given = isObject(input) ? { ...input, org } : input;
  const parsed = schemaFor(input).safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'upstream'}: ${message}`);
  throw InvalidRequest({ faults });
}

function schemaFor(input: unknown): typeof stdioUpstream | typeof openApiUpstream | typeof httpUpstream {
  if (!isObject(input)) return httpUpstream;
  return 'command' in input ? stdioUpstream : 'openapi' in input ? openApiUpstream : httpUpstream;
}

/** Seals every secret value for the database, each under a context of its own. */
export function seal(keyring: Keyring, org: OrgId, name: string, settings: UpstreamSettings): JsonObject {
  return mapSecrets(settings, (value, field) => keyring.encrypt(value, contextOf(org, name, field)));
}

/** Throws when the values were sealed under another secret. */
export function unseal(keyring: Keyring, org: OrgId, name: string, stored: JsonObject): UpstreamSettings {
  const sealed = Array.isArray(stored.sealed) ? stored.sealed : [];
  const open = (value: string, field: string) =>
    sealed.includes(field) ? keyring.decrypt(value, contextOf(org, name, field)) : value;
  const { sealed: _, ...settings } = stored;
  return mapStrings(settings, open) as unknown as UpstreamSettings;
}

/** The same under the current secret; undefined where all of it is already. Throws when no secret here opens a value. */
export function sealAnew(renewal: Renewal, org: OrgId, name: string, stored: JsonObject): JsonObject | undefined {
  const sealed = Array.isArray(stored.sealed) ? stored.sealed : [];
  let changed = false;
  const renewed = mapStrings(stored, (value, field) => {
    if (!sealed.includes(field) || renewal.isCurrent(value)) return value;
    changed = true;
    return renewal.again(value, contextOf(org, name, field));
  });
  return changed ? renewed : undefined;
}

/** Settings as they may be shown: secrets hidden, references as they were written. */
export function masked(settings: UpstreamSettings): JsonObject {
  const hide = (values: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, wholeReference.test(value) ? value : hidden]),
    );
  if ('command' in settings) {
    return { ...settings, args: maskedArgs(settings.args), env: hide(settings.env) } as unknown as JsonObject;
  }
  const headers = hide(settings.headers);
  const auth = maskedAuth(settings.auth);
  if (!('openapi' in settings)) {
    return { ...settings, url: maskedUrl(settings.url), headers, ...auth } as unknown as JsonObject;
  }
  // A document that was given as it is would only be long; it is kept in the same way as a secret.
  const openapi = typeof settings.openapi === 'string' ? maskedDocument(settings.openapi) : hidden;
  return { ...settings, openapi, headers, secrets: hide(settings.secrets), ...auth } as unknown as JsonObject;
}

function maskedAuth(auth: object | undefined): { auth?: unknown } {
  if (!auth) return {};
  const hide = (value: unknown, field: string): unknown => {
    if (isObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item, `${field}.${key}`)]));
    }
    return typeof value === 'string' && isAuthSecret(field) && !wholeReference.test(value) ? hidden : value;
  };
  return { auth: hide(auth, 'auth') };
}

/** What a client proves itself with. */
function isAuthSecret(field: string): boolean {
  return /^auth\.(identityProvider\.)?(clientSecret|privateKey|assertion)$/.test(field);
}

/**
 * Puts the old value wherever a change only repeats the mask. An old value goes only where it went before: towards another
 * origin or another program it has to be given again. Throws `InvalidRequest` where it was not.
 */
export function keepHidden(input: unknown, before: UpstreamSettings): unknown {
  if (!isObject(input)) return input;
  const sameArgs =
    'command' in before && Array.isArray(input.args) && input.args.join('\n') === maskedArgs(before.args).join('\n');
  const sameUrl = 'url' in before && input.url === maskedUrl(before.url);
  const sameDocument =
    'openapi' in before &&
    (typeof before.openapi === 'string' ? input.openapi === maskedDocument(before.openapi) : input.openapi === hidden);
  const sameTarget = isSameTarget(input, before, { sameArgs, sameUrl, sameDocument });
  const faults: string[] = [];
  const keep = (field: 'env' | 'headers' | 'secrets') => {
    const values = input[field];
    const old = (before as unknown as Record<string, unknown>)[field];
    if (!isObject(values)) return {};
    const kept = Object.entries(values).map(([key, value]) => {
      if (value !== hidden || !isObject(old) || !(key in old)) return [key, value];
      if (!sameTarget) faults.push(`${field}.${key}: the old value goes only where it went before; give it again`);
      return [key, old[key]];
    });
    return { [field]: Object.fromEntries(kept) };
  };
  const settings = {
    ...input,
    ...keep('env'),
    ...keep('headers'),
    ...keep('secrets'),
    ...keepAuth(input, before, sameTarget, faults),
    ...(sameArgs ? { args: before.args } : {}),
    ...(sameUrl ? { url: before.url } : {}),
    ...(sameDocument ? { openapi: before.openapi } : {}),
  };
  if (faults.length > 0) throw InvalidRequest({ faults });
  return settings;
}

/** A client's secret goes to its authorization server, and what it is good for to the upstream: both have to be the same. */
function keepAuth(
  { auth }: Record<string, unknown>,
  before: UpstreamSettings,
  sameTarget: boolean,
  faults: string[],
): { auth?: unknown } {
  const old = 'command' in before ? undefined : before.auth;
  if (!isObject(auth) || !isObject(old)) return {};
  const keepIn = (next: Record<string, unknown>, last: Record<string, unknown>, field: string) => {
    const sameServer = next.issuer === last.issuer && next.tokenEndpoint === last.tokenEndpoint;
    const kept: [string, unknown][] = Object.entries(next).map(([key, value]) => {
      const name = `${field}.${key}`;
      const inner = last[key];
      if (isObject(value) && isObject(inner)) return [key, keepIn(value, inner, name)];
      if (value !== hidden || !isAuthSecret(name) || inner === undefined) return [key, value];
      if (!sameTarget || !sameServer)
        faults.push(`${name}: the old value goes only where it went before; give it again`);
      return [key, inner];
    });
    return Object.fromEntries(kept);
  };
  return { auth: keepIn(auth, old, 'auth') };
}

function isSameTarget(
  input: Record<string, unknown>,
  before: UpstreamSettings,
  { sameArgs, sameUrl, sameDocument }: { sameArgs: boolean; sameUrl: boolean; sameDocument: boolean },
): boolean {
  if ('url' in before) return sameUrl || originOf(input.url) === originOf(before.url);
  if ('command' in before) {
    return input.command === before.command && (sameArgs || (before.args.length === 0 && input.args === undefined));
  }
  // Without an address of its own, the document says where the API is.
  if (before.baseUrl === undefined) return sameDocument && input.baseUrl === undefined;
  return originOf(input.baseUrl) === originOf(before.baseUrl);
}

function originOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : undefined;
}

/** Puts values in the place of references, and tells which of them are secrets. Without a resolver there are none to be had. */
export async function resolveReferences(
  settings: UpstreamSettings,
  resolve: ResolveReference | undefined,
): Promise<{ settings: UpstreamSettings; given?: readonly string[] }> {
  const resolved = new Map<string, string>();
  const given: string[] = [];
  const texts = new Set<string>();
  mapStrings(settings as unknown as JsonObject, (value) => {
    if (reference.test(value)) texts.add(value);
    return value;
  });
  for (const text of texts) {
    if (!resolve) throw InvalidRequest({ faults: 'references cannot be used in upstreams that are added at run time' });
    const value = await resolve(text, settings.org);
    resolved.set(text, value);
    const bare = value.replace(/^\w+ /, ''); // `Bearer …`
    if (findReferences(text).some((one) => isSecretValue(one, bare))) given.push(bare);
  }
  const put = mapStrings(settings as unknown as JsonObject, (value) => resolved.get(value) ?? value);
  return { settings: put as unknown as UpstreamSettings, ...(given.length > 0 ? { given } : {}) };
}

/** The references of upstreams as they were written, for people. */
export function standingIn(declarations: readonly Declaration[]): Standing[] {
  return declarations.flatMap(({ org, name, written }) => {
    const standing: Standing[] = [];
    if (written)
      mapStrings(written as unknown as JsonObject, (text, field) => {
        for (const { kind, name: what } of findReferences(text))
          standing.push({ place: `${name}.${field}`, org, kind, name: what });
        return text;
      });
    return standing;
  });
}

/** Whether a change of what references stand for may change it. */
export function hasReferences({ written }: Declaration): boolean {
  return written !== undefined && reference.test(JSON.stringify(written));
}

function contextOf(org: OrgId, name: string, field: string): string {
  return `upstream:${org}:${name}:${field}`;
}

function mapSecrets(settings: UpstreamSettings, change: (value: string, field: string) => string): JsonObject {
  const sealed: string[] = [];
  const changed = mapStrings(settings as unknown as JsonObject, (value, field) => {
    if (!isSecretField(settings, field)) return value;
    sealed.push(field);
    return change(value, field);
  });
  return { ...changed, sealed };
}

function isSecretField(settings: UpstreamSettings, field: string): boolean {
  if (/^(env|headers|secrets)\./.test(field) || isAuthSecret(field)) return true;
  if ('url' in settings) return field === 'url' && settings.url !== maskedUrl(settings.url);
  if ('openapi' in settings) {
    const { openapi } = settings;
    return (
      field === 'openapi' && typeof openapi === 'string' && isWebAddress(openapi) && openapi !== maskedUrl(openapi)
    );
  }
  const index = /^args\.(\d+)$/.exec(field)?.[1];
  return index !== undefined && isSecretArg(settings.args, Number(index));
}

const valueFields = ['env', 'headers', 'secrets', 'auth', 'args', 'url', 'baseUrl', 'command', 'cwd'];

/** Changes every text in the fields that hold values of users; a whole OpenAPI document is no such text. */
function mapStrings(settings: JsonObject, change: (value: string, field: string) => string): JsonObject {
  const walk = (value: unknown, field: string): unknown => {
    if (typeof value === 'string') return change(value, field);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${field}.${index}`));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, `${field}.${key}`)]));
  };
  const fields = [...valueFields, ...(typeof settings.openapi === 'string' ? ['openapi'] : [])].filter(
    (field) => field in settings,
  );
  return {
    ...settings,
    ...(Object.fromEntries(fields.map((field) => [field, walk(settings[field], field)])) as JsonObject),
  };
}
