import { createHmac, timingSafeEqual } from 'node:crypto';

// Standard Webhooks 1.0: the HMAC SHA-256 of `id.timestamp.body`, by the bytes behind `whsec_`.

/** One signature as it stands in the header: `v1,` and base64. */
export function signatureOf(secret: string, id: string, seconds: string, body: string | Uint8Array): string {
  return `v1,${hmacOf(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'), [`${id}.${seconds}.`, body]).toString('base64')}`;
}

export function hmacOf(key: string | Uint8Array, parts: readonly (string | Uint8Array)[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Whether one of the wanted texts was given, in a time that does not tell which or how much of it. */
export function isOneOf(given: readonly string[], wanted: readonly string[]): boolean {
  let found = false;
  for (const one of given)
    for (const other of wanted) {
      const [a, b] = [Buffer.from(one), Buffer.from(other)];
      if (a.length === b.length && timingSafeEqual(a, b)) found = true;
    }
  return found;
}
