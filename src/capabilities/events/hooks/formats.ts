import { createHash } from 'node:crypto';
import { listOfSecrets, type SourceChoice } from '../../../config/schema.ts';
import { isObject, parseJson } from '../../../kernel/json.ts';
import { hmacOf, isOneOf, signatureOf } from '../signing.ts';

export type HeaderOf = (name: string) => string | undefined;

/** What a sender has signed, or why it is not believed, for the log. */
export type Read =
  | {
      /** What tells it from every other delivery of the source. */
      marks: readonly string[];
      /** The sender's own id for it. */
      delivery?: string;
      kind: string;
      /** The body: JSON as it is, else text. */
      payload: unknown;
    }
  | { refused: string };

const maxId = 200;
const maxDepth = 100;

/** Holds a request against the declaration of its source. */
export function read(source: SourceChoice, headerOf: HeaderOf, body: Buffer, nowMs: number): Read {
  const signed = signedBy(source, headerOf, body, nowMs);
  if ('refused' in signed) return signed;
  const payload = payloadOf(body);
  const named = signed.kind ?? (source.format === 'standard' && isObject(payload) ? payload.type : undefined);
  return { ...signed, payload, kind: kindOf(named) };
}

type Signed = { marks: string[]; delivery?: string; kind?: string | undefined } | { refused: string };

function signedBy(source: SourceChoice, headerOf: HeaderOf, body: Buffer, nowMs: number): Signed {
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  switch (source.format) {
    case 'standard': {
      const [id = '', seconds = '', given = ''] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
        headerOf,
      );
      const wanted = listOfSecrets(source.secrets).map((secret) => signatureOf(secret, id, seconds, body));
      if (!isOneOf(given.split(' ', 20), wanted)) return { refused: 'the signature does not fit' };
      if (!isFresh(seconds, source.toleranceSeconds, nowMs)) return { refused: 'it was signed at another time' };
      if (id === '' || id.length > maxId) return { refused: 'it has no id of a usable length' };
      return { marks: [id], delivery: id };
    }
    case 'github': {
      const given = headerOf('x-hub-signature-256') ?? '';
      const wanted = listOfSecrets(source.secrets).map((secret) => `sha256=${hmacOf(secret, [body]).toString('hex')}`);
      if (!isOneOf([given], wanted)) return { refused: 'the signature does not fit' };
      const id = headerOf('x-github-delivery') ?? '';
      if (id.length > maxId) return { refused: 'its id is too long' };
      // Nobody signs the id: whoever sends a captured delivery again may give it another one.
      return { marks: id === '' ? [digest] : [`id:${id}`, digest], delivery: id, kind: headerOf('x-github-event') };
    }
    case 'generic': {
      const { prefix, encoding, timestampHeader, idHeader, kindHeader, toleranceSeconds } = source;
      const seconds = timestampHeader === undefined ? undefined : (headerOf(timestampHeader) ?? '');
      const given = headerOf(source.signatureHeader) ?? '';
      const parts = seconds === undefined ? [body] : [`${seconds}.`, body];
      const wanted = listOfSecrets(source.secrets).map(
        (secret) => `${prefix}${hmacOf(secret, parts).toString(encoding)}`,
      );
      if (!isOneOf([given], wanted)) return { refused: 'the signature does not fit' };
      if (seconds !== undefined && !isFresh(seconds, toleranceSeconds, nowMs))
        return { refused: 'it was signed at another time' };
      const id = idHeader === undefined ? '' : (headerOf(idHeader) ?? '');
      if (id.length > maxId) return { refused: 'its id is too long' };
      const whole = seconds === undefined ? digest : `${seconds} ${digest}`;
      return {
        marks: id === '' ? [whole] : [`id:${id}`, whole],
        ...(id === '' ? {} : { delivery: id }),
        kind: kindHeader === undefined ? undefined : headerOf(kindHeader),
      };
    }
  }
}

function isFresh(seconds: string, toleranceSeconds: number, nowMs: number): boolean {
  return /^\d{1,12}$/.test(seconds) && Math.abs(nowMs / 1_000 - Number(seconds)) <= toleranceSeconds;
}

function payloadOf(body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    return parseJson(text, { maxDepth });
  } catch {
    return text;
  }
}

/** The end of the event's type. */
function kindOf(named: unknown): string {
  if (typeof named !== 'string') return 'received';
  const parts = named.slice(0, 100).toLowerCase().split('.');
  const kept = parts.map((part) => part.replace(/[^a-z0-9_-]/g, '_')).filter((part) => part !== '');
  return kept.join('.') || 'received';
}
