export { deviceGrant } from './clients/clients.ts';
export type { Client } from './clients/store.ts';
export {
  ClientRefused,
  InvitationVoid,
  SignInRefused,
  SigninOff,
  SsoFailed,
  SsoRequired,
  signinErrors,
} from './errors.ts';
export type { Invitation } from './invitations/store.ts';
export { firstBeyond } from './limits/limits.ts';
export { deleteMembers as purgeMembers } from './members/ending/store.ts';
export { type InvitationInput, invitationInput, memberChange, minPasswordLength } from './members/people.ts';
export type { Ended, PersonRevoker } from './members/revocation.ts';
export { principalOf } from './members/roster.ts';
export type { Member } from './members/store.ts';
export { signinMigrations } from './migrations.ts';
export type { Visitor } from './port.ts';
export { type ServiceChange, type ServiceInput, serviceChange, serviceInput } from './services/services.ts';
export type { Service } from './services/store.ts';
export type { Session } from './sessions/sessions.ts';
export { createSignin, type Replayed, type Signin, stayScope } from './signin.ts';
export { idTokens } from './sso/holding.ts';
export type { Arrival } from './sso/sso.ts';
export { signingKeys } from './tokens/holding.ts';
