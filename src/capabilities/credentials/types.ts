import type { UpstreamAuth } from '../../config/auth-schema.ts';
import type { UpstreamSettings } from '../../config/schema.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';

/** An upstream as it is declared. One object stands for one state of its settings. */
export interface Declared {
  org: OrgId;
  name: string;
  source: 'file' | 'runtime';
  settings: UpstreamSettings;
}

/** As the port of the upstreams wants it. */
export interface Authorizer {
  headers(signal: AbortSignal): Promise<Record<string, string>>;
  refused(refusal: Refusal, signal: AbortSignal): Promise<boolean>;
}

export interface Refusal {
  status: number;
  challenge: string | undefined;
  sent: Record<string, string>;
}

/** Who callers are, by what they came with. */
export interface Callers {
  /** The token of an outside issuer that a caller came with; undefined for any other caller. */
  tokenOf(who: Principal): string | undefined;
  /** Signs claims with the key of the built-in issuer, which adds its name; undefined where there is none. */
  sign: ((claims: AssertionClaims) => Promise<string>) | undefined;
}

export interface AssertionClaims {
  sub: string;
  aud: string;
  jti: string;
  /** Seconds since the epoch. */
  iat: number;
  exp: number;
  org: OrgId;
  name: string;
  /** Who acts for the subject (RFC 8693, 4.1). */
  act?: { sub: string };
}

/** Settings of the grants that need nobody's browser. */
export type MachineAuth = Exclude<UpstreamAuth, { grant: 'authorization_code' }>;

export function machineAuthOf({ settings }: Declared): MachineAuth | undefined {
  if ('command' in settings || settings.auth?.grant === 'authorization_code') return undefined;
  return settings.auth;
}

/** Where requests with the token go: what tokens are for, unless metadata name it otherwise. */
export function addressOf({ settings }: Declared): string {
  if ('url' in settings) {
    const url = new URL(settings.url);
    if (!url.username && !url.password) return settings.url;
    url.username = url.password = '';
    return url.href;
  }
  if ('openapi' in settings && settings.baseUrl !== undefined) return settings.baseUrl;
  throw new Error('an upstream without an address has no use for tokens');
}
