import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * A header Cookie in which what was signed under another secret is signed under the current one, in the way of the library
 * (`<value>.<HMAC-SHA-256 as base64>`): a browser stays signed in while the server's secret changes.
 */
export function resigned(header: string | undefined, current: string, others: readonly string[]): string | undefined {
  if (header === undefined || others.length === 0) return header;
  return header
    .split(/;\s*/)
    .map((cookie) => {
      const found = /^([^=]*fairlead\.[^=]+)=(.*)$/.exec(cookie);
      const text = found?.[2] === undefined ? undefined : decoded(found[2]);
      const at = text?.lastIndexOf('.') ?? -1;
      if (!found || text === undefined || at < 1) return cookie;
      const [value, signature] = [text.slice(0, at), text.slice(at + 1)];
      if (!others.some((other) => same(signature, sign(value, other)))) return cookie;
      return `${found[1]}=${encodeURIComponent(`${value}.${sign(value, current)}`)}`;
    })
    .join('; ');
}

function sign(value: string, secret: string): string {
  return createHmac('sha256', secret).update(value).digest('base64');
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
