export { SecretUnavailable, secretsErrors } from './errors.ts';
export { type Found, type LookUp, type Reference, vaultPlace } from './reference.ts';
export {
  createSecrets,
  type ReferenceState,
  type Secrets,
  type SecretsHealth,
  type SecretsWorld,
  type Standing,
} from './secrets.ts';
