export { type Access, type AccessDeps, createAccess, expiryWarningMs } from './access.ts';
export { activationInput, isSealed, type Sealed, type SealInput, seal, sealInput } from './breakglass/breakglass.ts';
export type { BreakGlassCredential } from './breakglass/store.ts';
export {
  AccessUnavailable,
  accessErrors,
  CredentialSealed,
  ExpiredCredential,
  Forbidden,
  InvalidCredential,
  MissingCredential,
  RightsExceeded,
} from './errors.ts';
export type { Fetch } from './issuer-keys.ts';
export { type CreatedKey, createKey, type KeyInput, type KeyRequest, keyInput, setBootstrapKey } from './keys.ts';
export { accessMigrations } from './migrations.ts';
export { findOrg, type OrgInput, orgInput, type Purger } from './orgs.ts';
export { type Owner, type Owners, rolesUpTo } from './owners.ts';
export { anonymousPrincipal, systemPrincipal } from './principals.ts';
export { type KeyChange, keyChange, rotationInput, usualOverlapMs } from './rotation/rotation.ts';
export { revokeKeysOf } from './rotation/store.ts';
export {
  may,
  mayActIn,
  missingScope,
  type Role,
  requireRightsOf,
  requireScope,
  rolesBeyond,
  rolesCarry,
  type Scope,
  scopeNames,
  scopesTogether,
} from './scopes.ts';
export { type ApiKey, listOrgs, type Org } from './store.ts';
export { subjectsOf } from './subjects.ts';
