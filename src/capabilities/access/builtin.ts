import type { JWTVerifyGetKey } from 'jose';
import type { OrgId, Principal } from '../../kernel/principal.ts';

/** An issuer in this very process: its keys are asked for without a request, and it knows whose a token is. */
export interface BuiltInIssuer {
  issuer: string;
  key: JWTVerifyGetKey;
  /** Awaited before `holderOf`. */
  wake(): Promise<void>;
  /** Undefined for who is not, or not any more, somebody here. Throws what is to be tried again. */
  holderOf(claims: {
    sub: string;
    clientId: string | undefined;
    org: OrgId | undefined;
    issuedAtMs: number;
    /** What the issuer put into the token to know it by, once somebody was revoked. */
    generation: string | undefined;
  }): Pick<Principal, 'id' | 'kind' | 'org' | 'name' | 'roles' | 'teams'> | undefined;
}
