/** The tenant's id: a slug such as `default`. */
export type OrgId = string;

export const defaultOrg: OrgId = 'default';

/** Who calls, as established by authentication. Immutable; made anew for each request. */
export interface Principal {
  /** Stable id: `key:<id>`, `jwt:<issuer hash>:<sub>`, `anonymous`, `system`. */
  id: string;
  kind: 'user' | 'service' | 'agent' | 'anonymous' | 'system';
  org: OrgId;
  /** What people call it. */
  name: string;
  roles: readonly string[];
  /** What this credential may be used for; `*` is everything. See `access`. */
  scopes: readonly string[];
  /** How it proved itself: which API key or which issuer's token. */
  credential: { kind: 'api_key' | 'jwt' | 'anonymous' | 'internal'; id: string };
  /** Milliseconds since the epoch after which the credential no longer counts. */
  expiresAt?: number;
}
