export { type Challenge, readChallenge, scopesTogether } from './challenge.ts';
export {
  type ClientAuthentication,
  type ClientKey,
  type ClientMetadata,
  clientMetadata,
  introduce,
  type OAuthClient,
} from './client.ts';
export { beginAuthorization, finishAuthorization, type PendingAuthorization, scopeToAsk } from './code.ts';
export {
  type AuthorizationServer,
  canonical,
  type Discovery,
  discover,
  type ProtectedResource,
  readAuthorizationServer,
  readResource,
  serverAt,
} from './discovery.ts';
export { OAuthFault } from './fault.ts';
export {
  type Aim,
  type Asking,
  clientCredentials,
  crossAppAccess,
  jwtBearer,
  refresh,
  type SubjectToken,
  tokenExchange,
  tokenTypes,
} from './grants.ts';
export { createOAuthRequests, type OAuthRequests } from './requests.ts';
export { revoke } from './revoke.ts';
export type { TokenRequest, TokenSet } from './token.ts';
