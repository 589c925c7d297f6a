/** The tenant's id: a slug such as `default`. */
export type OrgId = string;

export const defaultOrg: OrgId = 'default';

/** Who calls, as established by authentication. Immutable; made anew for each request. */
export interface Principal {
  /** Stable id: `key:<id>`, `user:<id>`, `service:<id>`, `jwt:<issuer hash>:<sub>`, `break-glass:<id>`,
   * `anonymous`, `system`. */
  id: string;
  kind: 'user' | 'service' | 'agent' | 'anonymous' | 'system';
  org: OrgId;
  /** What people call it. */
  name: string;
  /** Whom an agent's credential belongs to (`user:<id>`), where that is a person: whose connections it uses. */
  actsFor?: string;
  roles: readonly string[];
  /** Teams of the organisation that it belongs to. */
  teams?: readonly string[];
  /** What this credential may be used for; `*` is everything. See `access`. */
  scopes: readonly string[];
  /** How it proved itself: which API key, which issuer's token, or a browser that is signed in. */
  credential: { kind: 'api_key' | 'jwt' | 'session' | 'break_glass' | 'anonymous' | 'internal'; id: string };
  /** Milliseconds since the epoch after which the credential no longer counts. */
  expiresAt?: number;
}

/** Who is behind a call: whose connections to upstreams it uses, and who is asked for them. */
export function subjectBehind(principal: Principal): string {
  return principal.actsFor ?? principal.id;
}
