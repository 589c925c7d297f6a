export { SecretUnavailable, secretsErrors } from './errors.ts';
export { lookUpLocally } from './local.ts';
export { type Found, type LookUp, nameOf, type Reference, vaultPlace } from './reference.ts';
export {
  createSecrets,
  type ReferenceState,
  type Secrets,
  type SecretsHealth,
  type SecretsWorld,
  type Standing,
} from './secrets.ts';
