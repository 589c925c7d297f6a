export { deviceGrant } from './clients/clients.ts';
export type { Client } from './clients/store.ts';
export {
  ClientRefused,
  InvitationVoid,
  SignInRefused,
  SigninOff,
  SsoFailed,
  SsoRefused,
  SsoRequired,
  SsoUnavailable,
  signinErrors,
} from './errors.ts';
export type { Invitation } from './invitations/store.ts';
export { firstBeyond } from './limits/limits.ts';
export { type InvitationInput, invitationInput, memberChange, minPasswordLength } from './members/people.ts';
export { principalOf } from './members/roster.ts';
export { type ServiceInput, serviceInput } from './members/services.ts';
export { deleteMembers as purgeMembers, type Member, type Service, type Session } from './members/store.ts';
export { signinMigrations } from './migrations.ts';
export type { Visitor } from './port.ts';
export { createSignin, type Replayed, type Signin, stayScope } from './signin.ts';
export { idTokens } from './sso/holding.ts';
export type { Arrival } from './sso/sso.ts';
