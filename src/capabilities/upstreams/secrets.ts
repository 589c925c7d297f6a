import { ProtocolError } from '@modelcontextprotocol/client';
import { isWebAddress } from '../../config/addresses.ts';
import type { OpenApiUpstreamSettings, UpstreamSettings } from '../../config/schema.ts';
import { isObject } from '../../kernel/json.ts';
import { isSecretKey, type Log, redactText } from '../../platform/telemetry/index.ts';
import { encodeAll } from './openapi/serialize.ts';
import type { Declaration } from './types.ts';

type Redact = (text: string) => string;

const mask = '***';
const secretName = /key|token|secret|passw|auth|credential|bearer|cookie|session|signature/i;
const minAnswerSecretLength = 8;
const minSecretLength = 6; // shorter values are words such as `true` and would mangle every text

/** Where an upstream is, for people: the command line, URL or path without anything that looks like a secret. */
export function targetOf(settings: UpstreamSettings): string {
  if ('command' in settings) return [settings.command, ...maskedArgs(settings.args)].join(' ');
  return 'openapi' in settings ? maskedDocument(settings.openapi) : maskedUrl(settings.url);
}

/** An OpenAPI document as it may be shown: its address or path; one that was given as it is would only be long. */
export function maskedDocument(openapi: OpenApiUpstreamSettings['openapi']): string {
  if (typeof openapi !== 'string') return 'a document of its own';
  return isWebAddress(openapi) ? maskedUrl(openapi) : openapi;
}

/** Whether an argument, by its own name or the flag before it, carries a secret. */
export function isSecretArg(args: readonly string[], index: number): boolean {
  const arg = args[index] ?? '';
  const before = args[index - 1] ?? '';
  const named = /^--?[\w-]+=/.test(arg) && secretName.test(arg.slice(0, arg.indexOf('=')));
  const afterName = /^--?[\w-]+$/.test(before) && secretName.test(before) && !arg.startsWith('-');
  return named || afterName || carriesSecret(arg);
}

/** `Authorization: Bearer …`, `X_TOKEN=…`, a URL with a password and the like. */
function carriesSecret(arg: string): boolean {
  const name = /^["']?([\w.-]+)\s*[:=]\s*\S/.exec(arg)?.[1];
  return (name !== undefined && secretName.test(name)) || redactText(arg) !== arg;
}

export function maskedArgs(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    if (!isSecretArg(args, index)) return arg;
    return /^--?[\w-]+=/.test(arg) ? `${arg.slice(0, arg.indexOf('=') + 1)}${mask}` : mask;
  });
}

export function maskedUrl(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  url.hash = '';
  const query = [...url.searchParams.keys()].map((name) => `${encodeURIComponent(name)}=${mask}`);
  url.search = '';
  return query.length > 0 ? `${url.href}?${query.join('&')}` : url.href;
}

/** Credentials that were got at run time and went there; the same array as long as they are the same. */
type Sent = () => readonly string[];

const none: readonly string[] = [];
const nothingSent: Sent = () => none;

/** Takes every secret that this upstream was given out of a text. */
export function redactor(settings: UpstreamSettings, sent: Sent = nothingSent): Redact {
  const all = withSent(secretsOf(settings), sent, minSecretLength);
  return (text) => all().reduce((rest, secret) => rest.replaceAll(secret, mask), text);
}

/** Secrets of the settings and those that were sent, the longest first: one may be part of another. */
function withSent(fixed: readonly string[], sent: Sent, minLength: number): () => readonly string[] {
  const inOrder = (values: readonly string[]) =>
    [...new Set(values)].filter(({ length }) => length >= minLength).sort((a, b) => b.length - a.length);
  let before: readonly string[] | undefined;
  let all: readonly string[] = [];
  return () => {
    const now = sent();
    if (now !== before) all = inOrder([...fixed, ...now.flatMap(formsOf)]);
    before = now;
    return all;
  };
}

/**
 * Takes out of what it answers what nobody is to see: its credentials, which it may well repeat. Not every value that it
 * was given, since most of those of `env` are paths and words that its answers are about. Gives the same back where there
 * is nothing to take out.
 */
export function answerRedactor(
  { settings, given = [] }: Pick<Declaration, 'settings' | 'given'>,
  sent: Sent = nothingSent,
): <T>(answer: T) => T {
  const named = Object.entries('command' in settings ? settings.env : settings.headers).flatMap(([name, value]) =>
    isSecretKey(name) ? [value, value.replace(/^\w+ /, '')] : [],
  );
  const secrets = 'secrets' in settings ? Object.values(settings.secrets).flatMap(formsOf) : [];
  const all = withSent([...given.flatMap(formsOf), ...named, ...secrets], sent, minAnswerSecretLength);
  return (answer) => {
    const known = all();
    if (known.length === 0 || isClean(answer, known)) return answer;
    const redact = (text: string) => known.reduce((rest, secret) => rest.replaceAll(secret, mask), text);
    return cleaned(answer, redact) as typeof answer;
  };
}

function isClean(value: unknown, known: readonly string[]): boolean {
  if (typeof value === 'string') return !known.some((secret) => value.includes(secret));
  if (Array.isArray(value)) return value.every((item) => isClean(item, known));
  return !isObject(value) || Object.values(value).every((item) => isClean(item, known));
}

/** A log whose errors do not repeat what this upstream was given: what it answered stands in them, too. */
export function redactingLog(log: Log, redact: Redact): Log {
  const clean = (value: unknown) => cleaned(value, redact);
  return log.child({}, { serializers: { err: clean, error: clean } });
}

/** Takes them out of what an upstream said went wrong, which callers get to read. Gives the same error back. */
export function cleanError(error: unknown, redact: Redact): unknown {
  for (let inner = error, depth = 0; depth < 6 && inner instanceof Error; inner = inner.cause, depth++) {
    if (!(inner instanceof ProtocolError)) continue;
    const data = inner.data === undefined ? {} : { data: cleaned(inner.data, redact) };
    Object.assign(inner, { message: redact(inner.message), ...data });
  }
  return error;
}

function cleaned(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => cleaned(item, redact));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cleaned(item, redact)]));
}

function secretsOf(settings: UpstreamSettings): string[] {
  if ('command' in settings) {
    const args = settings.args.filter((_, index) => isSecretArg(settings.args, index));
    return [...Object.values(settings.env), ...args, ...args.map((arg) => arg.slice(arg.indexOf('=') + 1))];
  }
  const headers = [
    ...Object.values(settings.headers).flatMap((value) => [value, value.replace(/^\w+ /, '')]),
    ...secretsOfAuth(settings.auth),
  ];
  if (!('openapi' in settings)) return [...headers, ...secretsOfUrl(settings.url)];
  const { openapi } = settings;
  const given = Object.values(settings.secrets).flatMap(formsOf);
  return [...headers, ...given, ...(typeof openapi === 'string' && isWebAddress(openapi) ? secretsOfUrl(openapi) : [])];
}

function secretsOfAuth(auth: OpenApiUpstreamSettings['auth']): string[] {
  if (!auth) return [];
  const clients = [auth, ...(auth.grant === 'enterprise_managed' ? [auth.identityProvider] : [])];
  const own = clients.flatMap(({ clientSecret, privateKey }) => [clientSecret, privateKey]);
  const assertion = auth.grant === 'jwt_bearer' ? auth.assertion : undefined;
  return [...own, assertion].flatMap((secret) => (secret === undefined ? [] : formsOf(secret)));
}

function secretsOfUrl(text: string): string[] {
  const url = new URL(text);
  return [decodeURIComponent(url.password), ...url.searchParams.values()];
}

/** A secret as it stands in requests and answers: as it is, in a URL, in JSON, and `user:password` also in parts and as base64. */
function formsOf(secret: string): string[] {
  const password = secret.slice(secret.indexOf(':') + 1);
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, encodeAll(secret), inJson, password, Buffer.from(secret).toString('base64')];
}
