// How the client of the referee gets its tokens: machine grants by the settings of the upstream, as in a server; for grants
// that need a person, this program plays the browser, which follows the authorization URL and comes back with the answer.
import { createMachineCredentials } from '../../src/capabilities/credentials/index.ts';
import type { Authorizer, CredentialsPort } from '../../src/capabilities/upstreams/index.ts';
import type { UpstreamAuth } from '../../src/config/auth-schema.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import type { JsonObject } from '../../src/kernel/json.ts';
import type { Egress } from '../../src/platform/http/index.ts';
import {
  beginAuthorization,
  clientMetadata,
  createOAuthRequests,
  discover,
  finishAuthorization,
  introduce,
  type OAuthClient,
  OAuthFault,
  readChallenge,
  readResource,
  scopeToAsk,
  type TokenSet,
} from '../../src/platform/oauth/index.ts';
import type { Log } from '../../src/platform/telemetry/index.ts';

interface Given {
  scenario: string;
  /** What the scenario gives its client to know. */
  context: JsonObject;
  url: string;
  egress: Egress;
  log: Log;
}

const stopping = new AbortController();
const documentUrl = 'https://conformance-test.local/client-metadata.json';

/** The `auth` that the operator of an upstream would write; undefined where a person has to sign in. */
export async function authSettings({ context, url, scenario, egress }: Given): Promise<UpstreamAuth | undefined> {
  const requests = createOAuthRequests({ egress, trusted: [url], signal: stopping.signal });
  // The settings have to name the issuer: this is how whoever writes them finds it.
  const issuer = async () => (await readResource(url, requests))?.issuers[0];
  const text = (name: string) => (typeof context[name] === 'string' ? context[name] : undefined);
  const client = { clientId: text('client_id') ?? '', clientSecret: text('client_secret') };
  const usual = { algorithm: 'ES256', subject: 'auto' } as const;
  if (scenario.startsWith('auth/client-credentials')) {
    const key = { privateKey: text('private_key_pem'), algorithm: usual.algorithm };
    return { grant: 'client_credentials', issuer: await issuer(), ...client, ...key };
  }
  if (text('idp_id_token') !== undefined) {
    // Its metadata lack what OpenID Connect requires of them, so that the settings name the endpoint instead.
    const identityProvider = {
      clientId: text('idp_client_id') ?? '',
      issuer: text('idp_issuer'),
      tokenEndpoint: text('idp_token_endpoint'),
      ...pick(usual),
    };
    const subjectTokenType = 'urn:ietf:params:oauth:token-type:id_token';
    return {
      grant: 'enterprise_managed',
      issuer: await issuer(),
      ...client,
      ...usual,
      subjectTokenType,
      identityProvider,
    };
  }
  if (text('valid_jwt') !== undefined) {
    return {
      grant: 'jwt_bearer',
      issuer: await issuer(),
      ...client,
      ...pick(usual),
      assertion: text('valid_jwt') ?? '',
    };
  }
  return undefined;
}

const pick = ({ algorithm }: { algorithm: 'ES256' }) => ({ algorithm });

export function credentialsFor(given: Given, auth: UpstreamAuth | undefined): CredentialsPort {
  const { egress, log, context } = given;
  if (!auth) {
    const person = authorizerOfPerson(given);
    return { isPersonal: () => false, authorizerFor: () => person };
  }
  const tokenOf = () => (typeof context.idp_id_token === 'string' ? context.idp_id_token : undefined);
  return createMachineCredentials({ egress, log, clock: systemClock, callers: { tokenOf, sign: undefined } });
}

/** Asks without a token first, and signs in when it is told to. */
function authorizerOfPerson({ context, url, egress, log }: Given): Authorizer {
  const requests = createOAuthRequests({ egress, trusted: [url], signal: stopping.signal });
  const redirectUri = 'http://127.0.0.1:1/callback'; // nobody listens there: its address is all that is read
  const clients = new Map<string, OAuthClient>(); // by issuer: what one server knows us as is nothing to another
  const { issuer: registeredAt, client_id: clientId, client_secret: clientSecret } = context;
  const registered =
    clientId === undefined ? undefined : { clientId: String(clientId), clientSecret: String(clientSecret) };
  let held: TokenSet | undefined;
  let signingIn: Promise<TokenSet | undefined> | undefined;

  const signIn = async (status: number, challenge: string | undefined): Promise<TokenSet | undefined> => {
    const { scope: challenged, resourceMetadata } = readChallenge(challenge);
    const { server, resource, scopes: offered } = await discover(url, requests, resourceMetadata);
    const before = status === 403 ? held?.scope : undefined;
    const scope = scopeToAsk({ challenged, offered, held: before }, server);
    if (status === 403 && scope === before) return undefined;
    const metadata = clientMetadata('Fairlead', [redirectUri]);
    // The older suite does not say where its client is registered.
    const isKnown = registeredAt === undefined || registeredAt === server.issuer;
    const client =
      clients.get(server.issuer) ??
      (isKnown ? registered : undefined) ??
      (await introduce(server, { documentUrl, metadata }, requests));
    clients.set(server.issuer, client);
    const asking = { server, client, requests, now: Date.now };
    const state = crypto.randomUUID();
    const { url: authorizationUrl, pending } = await beginAuthorization(asking, {
      redirectUri,
      resource,
      scope,
      state,
    });
    const answer = await fetch(authorizationUrl, { redirect: 'manual' });
    const back = new URL(answer.headers.get('location') ?? 'about:blank');
    // Meanwhile the server may have become another one.
    const now = await discover(url, requests, resourceMetadata);
    return await finishAuthorization({ ...asking, server: now.server }, pending, back.searchParams);
  };

  return {
    async headers(): Promise<Record<string, string>> {
      return held ? { authorization: `Bearer ${held.accessToken}` } : {};
    },
    async refused({ status, challenge, sent }) {
      if (held && sent.authorization !== `Bearer ${held.accessToken}`) return true;
      signingIn ??= signIn(status, challenge).finally(() => {
        signingIn = undefined;
      });
      try {
        const next = await signingIn;
        held = next ?? held;
        return next !== undefined;
      } catch (error) {
        if (error instanceof OAuthFault) log.warn({ reason: error.reason, detail: error.detail }, 'no token');
        else log.warn({ err: error }, 'no token');
        return false;
      }
    },
  };
}
