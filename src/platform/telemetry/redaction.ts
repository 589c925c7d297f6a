import { mayHoldSecret, rules } from './secretpatterns.ts';

/** What stands in the place of a secret. */
export const redacted = '[redacted]';

/**
 * Names of values that are secret whatever they look like, in lower case without punctuation.
 * A longer name that ends in one of these counts too: `dbPassword`, `x-api-key`, `GITHUB_TOKEN`.
 */
export const secretKeys: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'secrets',
  'token',
  'apikey',
  'accesskey',
  'accesskeyid',
  'secretkey',
  'secretid',
  'privatekey',
  'signingkey',
  'encryptionkey',
  'adminkey',
  'authorization',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'connectionstring',
  'databaseurl',
  'redisurl',
  'clientassertion',
  'onetimecode',
  'otp',
];

/** Names that end like a secret's and are none: cursors and correlation values, which the log needs. */
const harmlessKeys = ['pagetoken', 'progresstoken', 'synctoken', 'continuationtoken', 'cancellationtoken'];

const maxDepth = 32;
const minSecretLength = 8; // shorter ones would take ordinary words out of everything

export interface RedactionOptions {
  /** Further names whose values are secret; compared like `secretKeys`. */
  keys?: readonly string[];
  /** Values known to be secret, such as configured keys: taken out wherever they stand. Short ones are ignored. */
  secrets?: readonly string[];
  /** Longer strings are cut after redaction and say how much is missing, in UTF-16 units. Default: never. */
  maxText?: number;
}

/** Replaces what looks like a secret in a text: tokens, keys, PEM blocks, passwords of URLs and connection strings. */
export function redactText(text: string, secrets: readonly string[] = []): string {
  let result = text;
  for (const secret of secrets) {
    if (secret.length >= minSecretLength) result = result.replaceAll(secret, redacted);
  }
  if (!mayHoldSecret.test(result)) return result;
  for (const rule of rules) result = rule.apply(result, redacted);
  return result;
}

/** Whether a value of this name is secret, whatever it looks like. */
export function isSecretKey(key: string, more: readonly string[] = []): boolean {
  return endsLikeSecret(plainKey(key), more.length > 0 ? more.map(plainKey) : more);
}

/**
 * A copy without secrets, by key and by pattern at any depth. Errors become plain objects, cycles and what lies
 * deeper than 32 levels become a note. Never throws and never changes what it is given.
 */
export function redactValue(
  value: unknown,
  { keys = [], secrets = [], maxText = Number.POSITIVE_INFINITY }: RedactionOptions = {},
): unknown {
  const more = keys.map(plainKey);
  const open = new Set<object>();

  const text = (raw: string): string => {
    const clean = redactText(raw, secrets);
    return clean.length > maxText ? `${clean.slice(0, maxText)}… (${clean.length - maxText} more)` : clean;
  };

  const walk = (item: unknown, depth: number): unknown => {
    if (typeof item === 'string') return text(item);
    if (typeof item === 'bigint') return item.toString();
    if (typeof item === 'function' || typeof item === 'symbol') return undefined;
    if (typeof item !== 'object' || item === null) return item;
    if (open.has(item)) return '[circular]';
    if (depth >= maxDepth) return '[too deep]';
    open.add(item);
    try {
      return walkObject(item, depth + 1);
    } catch {
      return '[unreadable]'; // a getter or a toJSON that throws must not take the log line with it
    } finally {
      open.delete(item);
    }
  };

  const walkObject = (item: object, depth: number): unknown => {
    if (Array.isArray(item)) return item.map((entry) => walk(entry, depth));
    if (item instanceof Error) return walkError(item, depth);
    if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return `[${item.byteLength} bytes]`;
    if (item instanceof Map) return walkEntries(item.entries(), depth);
    if (item instanceof Set) return Array.from(item, (entry) => walk(entry, depth));
    if (item instanceof Headers || item instanceof URLSearchParams) return walkEntries(item.entries(), depth);
    if ('toJSON' in item && typeof item.toJSON === 'function') return walk(item.toJSON(), depth);
    const copy = walkEntries(Object.entries(item), depth);
    // A pair such as { name: 'API_KEY', value: '...' } carries its key as a value.
    const name = 'name' in item ? item.name : 'key' in item ? item.key : undefined;
    if (typeof name === 'string' && 'value' in item && isSecretKey(name, keys)) copy.value = hide(item.value);
    return copy;
  };

  const walkEntries = (entries: Iterable<[unknown, unknown]>, depth: number): Record<string, unknown> => {
    const copy: Record<string, unknown> = {};
    for (const [rawKey, entry] of entries) {
      const key = String(rawKey);
      const clean = endsLikeSecret(plainKey(key), more) ? hide(entry) : walk(entry, depth);
      if (key === '__proto__') Object.defineProperty(copy, key, { value: clean, enumerable: true });
      else copy[key] = clean;
    }
    return copy;
  };

  const walkError = (error: Error, depth: number): Record<string, unknown> => ({
    ...walkEntries(Object.entries(error), depth),
    type: error.name,
    message: text(error.message),
    ...(error.stack === undefined ? {} : { stack: text(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: walk(error.cause, depth) }),
  });

  return walk(value, 0);
}

// Absence and a plain yes or no tell nothing, and are often what one looks for in a log.
function hide(value: unknown): unknown {
  return value === undefined || value === null || typeof value === 'boolean' || value === '' ? value : redacted;
}

function plainKey(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function endsLikeSecret(key: string, more: readonly string[]): boolean {
  if (more.some((name) => name !== '' && key.endsWith(name))) return true;
  return secretKeys.some((name) => key.endsWith(name)) && !harmlessKeys.some((name) => key.endsWith(name));
}
