import { registerClient } from '@modelcontextprotocol/client';
import { importJWK, importPKCS8, SignJWT } from 'jose';
import { isObject, parseJson } from '../../kernel/json.ts';
import type { AuthorizationServer } from './discovery.ts';
import { OAuthFault } from './fault.ts';
import { isLoopback, type OAuthRequests } from './requests.ts';

export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';

/** As what Fairlead is known to one authorization server. */
export interface OAuthClient {
  clientId: string;
  clientSecret?: string | undefined;
  /** For `private_key_jwt`. */
  key?: ClientKey | undefined;
  /** By default what fits to the secret or key, and what the server takes. */
  authentication?: ClientAuthentication | undefined;
}

export interface ClientKey {
  /** PKCS #8 as PEM, or a JWK as JSON. */
  privateKey: string;
  /** Of the JWS, such as `ES256`. */
  algorithm: string;
  keyId?: string | undefined;
}

/** What a client says of itself: in a client-ID metadata document, or when it registers (RFC 7591). */
export interface ClientMetadata {
  client_name: string;
  client_uri?: string;
  redirect_uris: string[];
  grant_types: string[];
  response_types: string[];
  token_endpoint_auth_method: string;
  application_type: 'web' | 'native';
}

/** @param redirectUris where people come back to; on loopback the program counts as one of their own machine */
export function clientMetadata(name: string, redirectUris: readonly string[], uri?: string): ClientMetadata {
  const isNative = redirectUris.some((each) => isLoopback(new URL(each).hostname));
  return {
    client_name: name,
    ...(uri === undefined ? {} : { client_uri: uri }),
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: isNative ? 'native' : 'web',
  };
}

/**
 * A client for a server that knows none of ours: by the address of its metadata document where the server takes one, else
 * by registering. Throws `OAuthFault` where neither is possible.
 *
 * @param documentUrl where the metadata document is published, for all to read
 */
export async function introduce(
  server: AuthorizationServer,
  { documentUrl, metadata }: { documentUrl: string | undefined; metadata: ClientMetadata },
  requests: OAuthRequests,
): Promise<OAuthClient> {
  const takesDocuments = server.client_id_metadata_document_supported === true;
  if (takesDocuments && documentUrl?.startsWith('https:')) {
    return { clientId: documentUrl, authentication: 'none' };
  }
  if (server.registration_endpoint === undefined) {
    throw new OAuthFault('its authorization server wants a client that somebody has registered there by hand');
  }
  requests.assertConfidential(server.registration_endpoint);
  const supported = server.token_endpoint_auth_methods_supported ?? [];
  const wanted = (['client_secret_basic', 'client_secret_post'] as const).find((each) => supported.includes(each));
  try {
    const client = await registerClient(server.issuer, {
      metadata: server,
      clientMetadata: { ...metadata, token_endpoint_auth_method: wanted ?? 'none' },
      fetchFn: requests.send,
    });
    return {
      clientId: client.client_id,
      clientSecret: client.client_secret,
      authentication: isAuthentication(client.token_endpoint_auth_method)
        ? client.token_endpoint_auth_method
        : undefined,
    };
  } catch (cause) {
    if (cause instanceof OAuthFault) throw cause;
    const detail = cause instanceof Error ? cause.message.slice(0, 300) : undefined;
    throw new OAuthFault('its authorization server did not register this client', { detail, cause });
  }
}

function isAuthentication(method: unknown): method is ClientAuthentication {
  return ['client_secret_basic', 'client_secret_post', 'none'].includes(String(method));
}

/** Puts the client's proof of itself on a request to the token endpoint. Throws `OAuthFault`. */
export async function authenticateClient(
  client: OAuthClient,
  server: AuthorizationServer,
  { headers, form, nowMs }: { headers: Headers; form: URLSearchParams; nowMs: number },
): Promise<void> {
  const { clientId, clientSecret, key } = client;
  switch (methodOf(client, server)) {
    case 'client_secret_basic': {
      const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret ?? '')}`;
      headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
      return;
    }
    case 'client_secret_post':
      form.set('client_id', clientId);
      form.set('client_secret', clientSecret ?? '');
      return;
    case 'private_key_jwt':
      if (!key) throw new OAuthFault('its client has no private key');
      form.set('client_id', clientId);
      form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      form.set('client_assertion', await clientAssertion(clientId, key, server.issuer, nowMs));
      return;
    case 'none':
      form.set('client_id', clientId);
  }
}

function methodOf(
  { authentication, clientSecret, key }: OAuthClient,
  server: AuthorizationServer,
): ClientAuthentication {
  if (authentication) return authentication;
  if (key) return 'private_key_jwt';
  if (clientSecret === undefined) return 'none';
  const supported = server.token_endpoint_auth_methods_supported ?? [];
  // Where nothing is said it is the one that RFC 8414 presumes.
  if (supported.length === 0 || supported.includes('client_secret_basic')) return 'client_secret_basic';
  return supported.includes('client_secret_post') ? 'client_secret_post' : 'client_secret_basic';
}

/** RFC 6749, appendix B. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

const assertionSeconds = 60;

/** RFC 7523, 3; the audience is the issuer alone, so that no other server can use what it was sent. */
async function clientAssertion(clientId: string, key: ClientKey, audience: string, nowMs: number): Promise<string> {
  const now = Math.floor(nowMs / 1_000);
  const { algorithm: alg, keyId } = key;
  return new SignJWT({})
    .setProtectedHeader({ alg, typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setJti(crypto.randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + assertionSeconds)
    .sign(await readKey(key));
}

async function readKey({ privateKey, algorithm }: ClientKey) {
  try {
    if (!privateKey.trimStart().startsWith('{')) return await importPKCS8(privateKey, algorithm);
    const jwk = parseJson(privateKey, { maxDepth: 4 });
    if (!isObject(jwk)) throw new Error('no JWK');
    return await importJWK(jwk, algorithm);
  } catch {
    // Without the cause: it may repeat what it could not read.
    throw new OAuthFault('the private key of its client cannot be read', {
      detail: `privateKey: must be PKCS #8 as PEM, or a JWK, for ${algorithm}`,
    });
  }
}
