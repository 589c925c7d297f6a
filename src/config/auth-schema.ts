import { z } from 'zod';
import { webUrl } from './words.ts';

// How Fairlead gets its tokens for an upstream. The names are those of OAuth: RFC 6749, 7523, 8693, 8707.

const clientFields = {
  clientId: z.string().min(1).describe('As what Fairlead is registered at the authorization server'),
  clientSecret: z.string().min(1).optional().describe('Its secret'),
  privateKey: z.string().min(1).optional().describe('Its key instead of a secret: PKCS #8 as PEM, or a JWK as JSON'),
  keyId: z.string().min(1).optional().describe('Name of that key, where the authorization server knows several'),
  algorithm: z
    .enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])
    .default('ES256')
    .describe('By which it signs with that key'),
  tokenEndpointAuthMethod: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .optional()
    .describe('How the client proves itself; by default what fits to the secret or key, and what the server takes'),
};

const serverFields = {
  issuer: webUrl
    .optional()
    .describe('The authorization server; its metadata, which must name the same issuer, say where its endpoints are'),
  tokenEndpoint: webUrl.optional().describe('Its token endpoint, for a server without metadata'),
};

const aimFields = {
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is no scope'))
    .optional()
    .describe('Asked for in the first place; by default those that the metadata of the upstream name'),
  resource: webUrl
    .optional()
    .describe('What tokens are for (RFC 8707); by default as the metadata of the upstream have it, else its address'),
  audience: z.string().min(1).optional().describe('Sent beside the resource, where the authorization server wants it'),
};

const subjectFields = {
  subject: z
    .enum(['auto', 'caller', 'assertion'])
    .default('auto')
    .describe(
      "Who says who calls: the caller's own token of an issuer under auth.issuers, an assertion that Fairlead signs, or the first where there is one",
    ),
  subjectTokenType: z
    .string()
    .min(1)
    .optional()
    .describe('Kind of that token (RFC 8693, 3); by default an access token of the caller, a JWT of Fairlead'),
  listAs: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Whom Fairlead vouches for when it lists the upstream itself; by default it asks in its own name, by client credentials',
    ),
};

type Client = {
  clientSecret?: string | undefined;
  privateKey?: string | undefined;
  tokenEndpointAuthMethod?: string | undefined;
};

function checkClient(client: Client, path: string[], fault: (path: string[], message: string) => void): void {
  const method = client.tokenEndpointAuthMethod;
  if (client.clientSecret !== undefined && client.privateKey !== undefined)
    fault([...path, 'privateKey'], 'give either a secret or a key');
  if (method?.startsWith('client_secret') && client.clientSecret === undefined)
    fault([...path, 'clientSecret'], `is needed for ${method}`);
  if (method === 'private_key_jwt' && client.privateKey === undefined)
    fault([...path, 'privateKey'], 'is needed for private_key_jwt');
}

const withServer = { ...clientFields, ...serverFields };

const identityProvider = z.strictObject(withServer);

const grants = z.discriminatedUnion('grant', [
  z.strictObject({
    grant: z.literal('client_credentials').describe('Fairlead itself, the same for every caller'),
    ...withServer,
    ...aimFields,
  }),
  z.strictObject({
    grant: z
      .literal('token_exchange')
      .describe('Whoever calls: the authorization server gives a token for them (RFC 8693)'),
    ...withServer,
    ...aimFields,
    ...subjectFields,
  }),
  z.strictObject({
    grant: z
      .literal('enterprise_managed')
      .describe('Whoever calls, as the identity provider allows it: an ID-JAG becomes a token (cross-app access)'),
    ...withServer,
    ...aimFields,
    ...subjectFields,
    identityProvider: identityProvider.describe('Who says whether somebody may use the upstream, and the client there'),
  }),
  z.strictObject({
    grant: z
      .literal('jwt_bearer')
      .describe('Fairlead itself, by a token of the platform that it runs on (workload identity, RFC 7523)'),
    assertion: z.string().min(1).describe('That token, usually read from the file in which the platform mounts it'),
    ...withServer,
    clientId: clientFields.clientId.optional(),
    ...aimFields,
  }),
  z.strictObject({
    grant: z
      .literal('authorization_code')
      .describe('Each person with an account of their own, who signs in at the upstream once'),
    issuer: serverFields.issuer.describe('Its authorization server; by default the one that the upstream names'),
    ...clientFields,
    clientId: clientFields.clientId
      .optional()
      .describe('As what Fairlead is registered there; by default it introduces itself'),
    scopes: aimFields.scopes,
    resource: aimFields.resource,
    listAs: z
      .string()
      .min(1)
      .optional()
      .describe('Whose connection lists its tools, such as `user:usr_…`; by default that of whoever connected last'),
  }),
]);

export const upstreamAuth = grants.superRefine((auth, context) => {
  const fault = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  const named = (server: { issuer?: string | undefined; tokenEndpoint?: string | undefined }, path: string[]) => {
    // The upstream must not choose who gets to see what Fairlead proves itself with.
    if (server.issuer === undefined && server.tokenEndpoint === undefined)
      fault([...path, 'issuer'], 'name the authorization server by its issuer, or by its tokenEndpoint');
  };
  if (auth.grant !== 'authorization_code') named(auth, []);
  checkClient(auth, [], fault);
  if (auth.grant === 'enterprise_managed') {
    if (auth.issuer === undefined) fault(['issuer'], 'the identity provider has to be told which server it is for');
    named(auth.identityProvider, ['identityProvider']);
    checkClient(auth.identityProvider, ['identityProvider'], fault);
  }
});

export type UpstreamAuth = z.infer<typeof upstreamAuth>;
export type UpstreamAuthClient = z.infer<typeof identityProvider>;
