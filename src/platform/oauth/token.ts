import { isObject, parseJson } from '../../kernel/json.ts';
import { authenticateClient, type OAuthClient } from './client.ts';
import type { AuthorizationServer } from './discovery.ts';
import { OAuthFault } from './fault.ts';
import type { OAuthRequests } from './requests.ts';

/** What a token endpoint gave. */
export interface TokenSet {
  accessToken: string;
  /** Milliseconds since the epoch; undefined where the server did not say. */
  expiresAt: number | undefined;
  /** As it was granted, or, where the server does not say, as it was asked for. */
  scope: string | undefined;
  refreshToken: string | undefined;
  idToken: string | undefined;
  /** RFC 8693: what kind of token it is. */
  issuedTokenType: string | undefined;
}

export interface TokenRequest {
  server: AuthorizationServer;
  client: OAuthClient;
  /** Those without a value are left out. */
  parameters: Readonly<Record<string, string | undefined>>;
  requests: OAuthRequests;
  now(): number;
}

const maxTokenLength = 64 * 1024;

/** Asks a token endpoint. Nothing is tried again. Throws `OAuthFault`. */
export async function requestToken({ server, client, parameters, requests, now }: TokenRequest): Promise<TokenSet> {
  const url = server.token_endpoint;
  requests.assertConfidential(url);
  const headers = new Headers({ accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' });
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.set(name, value);
  await authenticateClient(client, server, { headers, form, nowMs: now() });
  const askedAt = now();
  const init = { method: 'POST', headers, body: form.toString(), redirect: 'manual' } as const;
  const response = await requests.send(url, init);
  const answer = await readAnswer(response);
  if (!response.ok || 'error' in answer) throw refusal(response, answer, secretsIn(form, headers));
  return tokenSet(answer, parameters, askedAt);
}

async function readAnswer(response: Response): Promise<Record<string, unknown>> {
  try {
    const answer = parseJson(await response.text(), { maxDepth: 16 });
    return isObject(answer) ? answer : {};
  } catch {
    return {};
  }
}

/** By which something can be had; a server may repeat them in what it says of its refusal. */
const secretParameters = [
  'refresh_token',
  'code',
  'code_verifier',
  'subject_token',
  'actor_token',
  'assertion',
  'client_assertion',
  'client_secret',
];

function secretsIn(form: URLSearchParams, headers: Headers): string[] {
  const basic = headers.get('authorization')?.replace(/^\w+ /, '') ?? '';
  const password = Buffer.from(basic, 'base64').toString('utf8').split(':')[1] ?? '';
  const sent = secretParameters.map((name) => form.get(name) ?? '');
  return [...sent, basic, password].filter(({ length }) => length >= 6);
}

function without(secrets: readonly string[], text: string): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** RFC 6749, 5.2. Of what the server says, only the code may be shown to everybody. */
function refusal(
  { status, headers }: Response,
  { error, error_description: description }: Record<string, unknown>,
  secrets: readonly string[],
) {
  const code = typeof error === 'string' && /^[\w.-]{1,60}$/.test(error) ? error : undefined;
  const busy = status === 429 || status >= 500 || code === 'temporarily_unavailable' || code === 'server_error';
  const seconds = /^\d{1,6}$/.test(headers.get('retry-after') ?? '') ? Number(headers.get('retry-after')) : undefined;
  return new OAuthFault(`its authorization server gives no token (${code ?? `HTTP ${status}`})`, {
    code,
    detail: typeof description === 'string' ? without(secrets, description).slice(0, 300) : undefined,
    retryable: busy,
    retryAfterSeconds: busy ? seconds : undefined,
  });
}

function tokenSet(
  answer: Record<string, unknown>,
  { scope: asked, requested_token_type: wanted }: TokenRequest['parameters'],
  askedAt: number,
): TokenSet {
  const { access_token: accessToken, token_type: type, expires_in: seconds } = answer;
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  // It goes into a header as it is.
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken) || accessToken.length > maxTokenLength) {
    throw new OAuthFault('its authorization server gave no token that can be used');
  }
  const kind = text(type)?.toLowerCase();
  // RFC 8693, 2.2.1: what is no access token, but to be handed in elsewhere, is of no type.
  if (kind !== 'bearer' && !(kind === 'n_a' && wanted !== undefined)) {
    const detail = `token_type: ${String(type).slice(0, 60)}`;
    throw new OAuthFault('its authorization server gives tokens of a kind that is not supported', { detail });
  }
  const lifetime = Number(seconds);
  return {
    accessToken,
    expiresAt: seconds !== undefined && Number.isFinite(lifetime) ? askedAt + Math.max(0, lifetime) * 1_000 : undefined,
    scope: text(answer.scope) ?? asked,
    refreshToken: text(answer.refresh_token),
    idToken: text(answer.id_token),
    issuedTokenType: text(answer.issued_token_type),
  };
}
