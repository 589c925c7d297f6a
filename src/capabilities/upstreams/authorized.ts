import type { Authorizer } from './types.ts';

/** What an answer says about the credential that its request carried. */
export interface CredentialRefusal {
  status: number;
  /** `WWW-Authenticate`, if it came with one. */
  challenge: string | undefined;
}

interface Exchange<Answer> {
  authorizer: Authorizer | undefined;
  signal: AbortSignal;
  send(headers: Record<string, string>): Promise<Answer>;
  /** Undefined when the credential was not what was wrong. */
  refusalOf(answer: Answer): CredentialRefusal | undefined;
  /** Called for an answer that nobody reads. */
  discard(answer: Answer): Promise<void>;
}

/**
 * Sends a request with a credential, and once more with another where the upstream refused it: a request that was refused
 * for its credential was not carried out, so that this holds for what changes something, too. Once for each kind of refusal:
 * a token that has run out (401) may be followed by one that says too little (403).
 */
export function authorized<Answer>(exchange: Exchange<Answer>): Promise<Answer> {
  const { authorizer, send } = exchange;
  return authorizer ? withTries(authorizer, exchange) : send({});
}

async function withTries<Answer>(
  authorizer: Authorizer,
  { signal, send, refusalOf, discard }: Exchange<Answer>,
): Promise<Answer> {
  const seen = new Set<number>();
  for (;;) {
    const sent = await authorizer.headers(signal);
    const answer = await send(sent);
    const refusal = refusalOf(answer);
    if (!refusal || seen.has(refusal.status)) return answer;
    seen.add(refusal.status);
    const again = await authorizer.refused({ ...refusal, sent }, signal).catch(async (error: unknown) => {
      await discard(answer);
      throw error;
    });
    if (!again) return answer;
    await discard(answer);
  }
}

/** Whether by this answer a credential was refused: 401, or a 403 that asks for more scope (RFC 6750, 3.1). */
export function credentialRefusal(status: number, challenge: string | null | undefined): CredentialRefusal | undefined {
  const text = challenge ?? undefined;
  const wantsScope = status === 403 && /\berror\s*=\s*"?insufficient_scope\b/i.test(text ?? '');
  return status === 401 || wantsScope ? { status, challenge: text } : undefined;
}

/** As `credentialRefusal`, of what `fetch` gives. */
export function refusedBy({ status, headers }: Response): CredentialRefusal | undefined {
  return credentialRefusal(status, headers.get('www-authenticate'));
}

export async function discardBody(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** Headers with those of a credential in place of any of the same name. */
export function withCredential(headers: RequestInit['headers'], credential: Record<string, string>): Headers {
  const all = new Headers(headers);
  for (const [name, value] of Object.entries(credential)) all.set(name, value);
  return all;
}
