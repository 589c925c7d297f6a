export { SecretUnavailable, secretsErrors } from './errors.ts';
export { type Found, type LookUp, type Reference, vaultPlace } from './reference.ts';
export { createSecrets } from './secrets.ts';
export type { ReferenceState, Secrets, SecretsHealth, SecretsWorld, Standing } from './types.ts';
