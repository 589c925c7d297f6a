import { authenticateClient } from './client.ts';
import type { Asking } from './grants.ts';

/**
 * RFC 7009: ends a token at its authorization server. False where the server has no such endpoint, or did not take it.
 * Throws `OAuthFault` where it cannot be reached.
 */
export async function revoke(
  { server, client, requests, now }: Asking,
  token: string,
  kind: 'access_token' | 'refresh_token',
): Promise<boolean> {
  const { revocation_endpoint: url } = server as { revocation_endpoint?: string };
  if (url === undefined) return false;
  requests.assertConfidential(url);
  const headers = new Headers({ accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' });
  const form = new URLSearchParams({ token, token_type_hint: kind });
  await authenticateClient(client, server, { headers, form, nowMs: now() });
  const response = await requests.send(url, { method: 'POST', headers, body: form.toString(), redirect: 'manual' });
  return response.ok;
}
