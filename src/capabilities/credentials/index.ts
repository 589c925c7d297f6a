export { type Credentials, type CredentialsDeps, createCredentials } from './credentials.ts';
export { credentialsErrors } from './errors.ts';
export type { AssertionClaims, Callers } from './types.ts';
