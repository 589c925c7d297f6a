import { canonicalJson } from '../../kernel/digest.ts';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import { isSecretKey, redacted } from '../../platform/telemetry/index.ts';
import { createPlainCheck } from './plain.ts';
import { secretText } from './secrettext.ts';

export interface RedactorOptions {
  keyring: Keyring;
  /** What is kept of one body is at most this long as JSON in UTF-8. */
  maxBytes: number;
  /** Names of values that are secret here, besides the usual ones. */
  redactKeys: readonly string[];
}

export interface KeptBody {
  kept: Json;
  /** `hmac-sha256:<hex>` over the RFC 8785 text of the whole value, secrets included. */
  digest?: string;
  /** Length of the whole value as JSON in UTF-8, when what is kept was cut. */
  bytes?: number;
  /** RFC 8785 text of what is kept, where that is the value itself. */
  text?: string;
}

export interface KeptContext {
  text: string;
  /** What is not kept as policies saw it, such as `context.arguments.path`. */
  withheld: readonly string[];
}

export interface Redactor {
  /** What may be kept of arguments or a result, in at most so many bytes. */
  body(value: unknown, limit?: number): KeptBody;
  /** The same without a digest, for what nobody compares. */
  kept(value: unknown): Json;
  /**
   * The RFC 8785 text of the same for what policies saw: a secret text becomes its keyed digest, so that equal ones stay
   * equal.
   */
  context(value: unknown): KeptContext;
  /** The digest that `body` keeps of a value; undefined for what is no JSON. */
  digest(value: unknown): string | undefined;
  /** A short text such as a name: without secrets and without what a database column refuses. */
  name(text: string): string;
  /** The same for a text that hardly comes twice. */
  id(text: string): string;
}

interface Attempt {
  kept: Json;
  cut: boolean;
  /** It says something else than the value did. */
  changed: boolean;
}

type Hide = (secret: unknown) => Json;

const maxDepth = 40;
/** Index keys have an upper bound in Postgres; no sensible name comes near. */
const maxName = 400;
/** What a byte of a value counts at most, so that a value of fewer is never cut. */
const mostPerByte = 6;
/** How far beyond a cut a secret is looked for that began before it. */
const marginLength = 4_096;
const rememberedKeys = 5_000;
const rememberedNames = 5_000;

/**
 * Takes secrets out of what callers send and tools return, by name and by pattern, and cuts what is too long. The
 * work is bounded by `maxBytes`, whatever the size of the value; only the digest reads all of it. Never throws.
 */
export function createRedactor({ keyring, maxBytes, redactKeys }: RedactorOptions): Redactor {
  const ownNames = redactKeys.map(plain).filter((name) => name !== '');
  const known = new Map<string, boolean>();
  const clean = secretText(redactKeys);

  const isSecret = (key: string): boolean => {
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const secret = isSecretKey(key, ownNames) || plurals.test(plain(key));
    if (known.size < rememberedKeys && key.length <= 100) known.set(key, secret);
    return secret;
  };

  const isPlain = createPlainCheck({ isSecret, clean, maxDepth });
  const staysWhole = (bytes: number, limit: number) => bytes * mostPerByte <= limit;

  const digest = (value: unknown): { digest?: string; bytes?: number; text?: string } => {
    try {
      const text = canonicalJson(value);
      return { digest: `hmac-sha256:${keyring.hash('audit-digests', text)}`, bytes: Buffer.byteLength(text), text };
    } catch {
      return {}; // no JSON value, which own tools can hand over by mistake; nobody can compare it either
    }
  };

  const mask: Hide = () => redacted;
  const maskByDigest: Hide = (secret) => digest(secret).digest ?? redacted;

  const walkWithin = (value: unknown, budget: number, hide: Hide): Attempt => {
    let left = budget;
    let cut = false;
    let changed = false;
    const hidden: Hide = (secret) => {
      changed = true;
      return hide(secret);
    };

    const text = (raw: string): string => {
      const scanned = raw.length > left + marginLength ? raw.slice(0, Math.max(left, 0) + marginLength) : raw;
      let shown = clean(scanned).toWellFormed();
      // What a secret looks like may show only in its second half, so the end of a cut text is not trusted.
      if (scanned !== raw) shown = shown.slice(0, Math.max(0, shown.length - marginLength / 2));
      else if (hide === maskByDigest && shown !== raw.toWellFormed()) return String(hidden(raw));
      if (shown !== raw) changed = true;
      const whole = Buffer.byteLength(shown);
      if (scanned === raw && whole <= left) return shown;
      cut = true;
      return `${headOf(shown, left)}[cut: ${raw.length} characters in all]`;
    };

    const walk = (item: unknown, depth: number): Json => {
      if (typeof item === 'string') {
        const kept = text(item);
        left -= Buffer.byteLength(kept) + 2;
        return kept;
      }
      if (typeof item === 'object' && item !== null) {
        left -= 2;
        if (depth >= maxDepth) {
          cut = true;
          return '[cut: too deep]';
        }
        return Array.isArray(item) ? walkList(item, depth + 1) : walkObject(item, depth + 1);
      }
      left -= 6;
      if (typeof item === 'number' && Number.isFinite(item)) return item;
      if (typeof item === 'boolean' || item === null) return item;
      changed = true;
      return typeof item === 'bigint' ? String(item) : null;
    };

    const walkList = (list: readonly unknown[], depth: number): Json => {
      const kept: Json[] = [];
      for (const [index, item] of list.entries()) {
        if (left <= 0) {
          cut = true;
          kept.push(`[cut: ${list.length - index} more]`);
          break;
        }
        kept.push(namesSecret(list, index) ? hidden(item) : walk(item, depth));
      }
      return kept;
    };

    // The value after `--password` in an argument list, and the second of a pair such as ["Authorization", "..."].
    const namesSecret = (list: readonly unknown[], index: number): boolean => {
      const before = index > 0 ? list[index - 1] : undefined;
      if (typeof before !== 'string' || before.length > 100 || typeof list[index] !== 'string') return false;
      return (before.startsWith('-') || (list.length === 2 && index === 1)) && isSecret(before);
    };

    const walkObject = (object: object, depth: number): Json => {
      if ('toJSON' in object) changed = true; // its length is that of something else
      const entries = Object.entries(object);
      const kept: Record<string, Json> = {};
      const named = nameIn(object);
      const ofKubernetes = 'kind' in object && object.kind === 'Secret';
      for (const [index, [rawKey, item]] of entries.entries()) {
        if (item === undefined) continue;
        if (left <= 0) {
          cut = true;
          kept['[cut]'] = `${entries.length - index} more`;
          break;
        }
        // Nobody who reads it again must be able to mistake it for the prototype.
        const key = rawKey === '__proto__' ? '[__proto__]' : rawKey.length > 8 ? text(rawKey) : rawKey.toWellFormed();
        if (key !== rawKey) changed = true;
        left -= Buffer.byteLength(key) + 4;
        const secret =
          isSecret(rawKey) ||
          (named !== undefined && /^(value|default)$/i.test(rawKey) && isSecret(named)) ||
          (ofKubernetes && /^(?:stringD|d)ata$/.test(rawKey));
        kept[key] = secret && !tellsNothing(item, rawKey) ? hidden(item) : walk(item, depth);
      }
      return kept;
    };

    return { kept: walk(value, 0), cut, changed };
  };

  /**
   * Escapes and the marks of cuts come on top of what was counted, so the result is measured, unless it is the value as
   * it was, whose length is known.
   */
  const within = (value: unknown, hide: Hide, limit = maxBytes, known?: number): { kept: Json; cut: boolean } => {
    for (let budget = limit; budget >= 16; ) {
      const attempt = walkWithin(value, budget, hide);
      if (!attempt.cut && !attempt.changed && known !== undefined && known <= limit) return attempt;
      const bytes = Buffer.byteLength(JSON.stringify(attempt.kept));
      if (bytes <= limit) return attempt;
      budget = Math.floor(budget * Math.min(0.9, (limit * 0.95) / bytes));
    }
    return { kept: '[cut]', cut: true };
  };

  const id = (text: string): string => {
    const shown = clean(
      text
        .slice(0, maxName + marginLength)
        .toWellFormed()
        .replaceAll('\0', '\ufffd'),
    );
    return shown.length > maxName ? `${shown.slice(0, maxName)}…` : shown;
  };

  const names = new Set<string>();
  const name = (text: string): string => {
    if (names.has(text)) return text;
    const kept = id(text);
    // Tools, roles and principals come again with each call; what held a secret is not kept in memory.
    if (kept === text && names.size < rememberedNames) names.add(text);
    return kept;
  };

  return {
    body(value, limit = maxBytes) {
      const { digest: whole, bytes, text } = digest(value);
      if (whole && bytes !== undefined && text !== undefined && staysWhole(bytes, limit) && isPlain(value))
        return { kept: value as Json, digest: whole, text };
      const { kept, cut } = within(value, mask, limit, bytes);
      return { kept, ...(whole ? { digest: whole } : {}), ...(cut && bytes !== undefined ? { bytes } : {}) };
    },
    kept: (value) => within(value, mask).kept,
    context(value) {
      const text = canonicalJson(value);
      if (staysWhole(text.length * 3, maxBytes) && isPlain(value)) return { text, withheld: nothing };
      const { kept } = within(value, maskByDigest);
      return { text: canonicalJson(kept), withheld: withheldOf(value, kept).map(name) };
    },
    digest: (value) => digest(value).digest,
    id,
    name,
  };
}

const nothing: readonly string[] = [];

/** What of a context is another one than it was. */
function withheldOf(value: unknown, kept: Json): string[] {
  if (!isObject(value)) return ['context.*'];
  const differing = (whole: JsonObject, part: unknown, prefix: string): string[] => {
    if (!isObject(part)) return [`${prefix}*`];
    return Object.keys(whole)
      .filter((key) => canonicalJson(whole[key]) !== canonicalJson(part[key]))
      .map((key) => prefix + key);
  };
  const outer = differing(value as JsonObject, kept, 'context.');
  if (!outer.includes('context.arguments') || !isObject(kept) || !isObject(value.arguments)) return outer;
  const inner = differing(value.arguments as JsonObject, kept.arguments, 'context.arguments.');
  return [...outer.filter((path) => path !== 'context.arguments'), ...inner];
}

const plurals = /(?:passwords|apikeys|tokens|passcodes?)$/;

function plain(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** `{ name: 'API_KEY', value: '...' }` carries its key as a value. */
function nameIn(object: object): string | undefined {
  for (const [key, item] of Object.entries(object).slice(0, 20)) {
    if (/^(name|key|header|variable)$/i.test(key) && typeof item === 'string' && item.length <= 100) return item;
  }
  return undefined;
}

/** A yes, a no or nothing is no secret; nor is the number of tokens that a model may use. */
function tellsNothing(item: unknown, key: string): boolean {
  if (item === null || typeof item === 'boolean' || item === '') return true;
  if (Array.isArray(item) || isObject(item)) return Object.keys(item).length === 0;
  return typeof item === 'number' && /tokens$/i.test(key);
}

/** As much of the text's beginning as fits, whole characters only. */
function headOf(text: string, maxBytes: number): string {
  if (maxBytes <= 0) return '';
  return Buffer.from(text.slice(0, maxBytes))
    .subarray(0, maxBytes)
    .toString('utf8')
    .replace(/\ufffd{1,3}$/, '');
}
