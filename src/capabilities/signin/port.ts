import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Log } from '../../platform/telemetry/index.ts';

/** Where things are below the public address; each begins with a slash. */
export interface SigninPaths {
  /** What all others are below of; cookies are for it alone. */
  base: string;
  signIn: string;
  consent: string;
  device: string;
  error: string;
}

export interface AuthServerDeps {
  db: Db;
  log: Log;
  /** Sign cookies and encrypt the private keys of tokens: the first what is new, the others what was there before. */
  secrets: readonly LibrarySecret[];
  publicUrl: string;
  paths: SigninPaths;
  /** The only audience of tokens. */
  resource: string;
  /** All that a token may be asked for. */
  scopes: readonly string[];
  /** The header in which callers of the port say the client's address. */
  addressHeader: string;
  newId(prefix: string): string;
  /** Under what a refresh token, a code and the like are kept. */
  hashToken(token: string): string;
  /** Under what one is kept that may be there already. */
  findHash(token: string): Promise<string>;
  /** The same of a machine's secret; of one from before a rotation, while it counts, what the new one is kept under. */
  hashClientSecret(secret: string): Promise<string>;
  /** What a person's token says besides what the protocol has, for a program; from memory. */
  claimsOf(userId: string, org: OrgId | undefined, clientId: string): Record<string, string>;
  /** In which organisation a person is signed in by this session; from memory. */
  orgOf(session: Pick<Visitor, 'userId' | 'org' | 'provider'>): OrgId | undefined;
  /** Whether somebody may come in by a password at all; from memory. */
  passwordCounts(userId: string): boolean;
}

/** A secret that the library works with; the version, a number of 32 bits, stays with it. */
export interface LibrarySecret {
  version: number;
  value: string;
}

/** Somebody in a browser. */
export interface Visitor {
  sessionId: string;
  userId: string;
  email: string;
  name: string;
  /** Which organisation was chosen last. */
  org: OrgId | undefined;
  /** By which provider of single sign-on; undefined for a password. */
  provider: string | undefined;
  signedInAt: number;
}

/** Somebody for whom a provider has vouched. */
export interface Vouching {
  userId: string;
  org: OrgId;
  provider: string;
  expiresAt: number;
  address: string | undefined;
  userAgent: string | undefined;
}

export interface FromBrowser {
  /** The header Cookie. */
  cookie: string | undefined;
}

export interface Attempt {
  email: string;
  password: string;
  address: string | undefined;
  userAgent: string | undefined;
}

export interface NewClient {
  clientId: string;
  name: string | undefined;
  uri: string | undefined;
  redirectUris: readonly string[];
  grantTypes: readonly string[];
}

export interface NewServiceClient {
  clientId: string;
  name: string;
  /** It proves itself by this, or by one of its public keys. */
  secret?: string;
  jwks?: { keys: readonly Record<string, unknown>[] };
  scopes: readonly string[];
}

/** What is known of a request for a token, and is not the library's to know. */
export interface TokenContext {
  clientId: string;
  /** Which organisation somebody chose for a device. */
  org: OrgId | undefined;
}

/**
 * All that Fairlead wants of a library for sign-in: sessions of browsers, passwords, and the protocol's own endpoints.
 * Who is a member of what, who may try how often and what is kept on record is decided outside.
 */
export interface AuthServer {
  /** Answers one of the protocol's endpoints: authorize, token, revoke, device code. */
  handle(request: Request, context?: TokenContext): Promise<Response>;
  /**
   * The cookies of a new session, or undefined where the password is not theirs: after the same time in any case. Rejects
   * with SsoRequired where it is theirs, and does not count.
   */
  signIn(attempt: Attempt): Promise<{ cookies: string[]; userId: string } | undefined>;
  /** A session without a password: whoever calls knows who it is. */
  openSession(vouching: Vouching): Promise<{ cookies: string[]; sessionId: string }>;
  /** Ends the session, and with it what was refreshed by it; the cookies take it out of the browser. */
  signOut(from: FromBrowser): Promise<{ cookies: string[] }>;
  visitor(from: FromBrowser): Promise<Visitor | undefined>;
  /** Where the browser goes next; undefined when the question is too old or was changed on its way. */
  consent(
    from: FromBrowser,
    answer: { query: string; allow: boolean; scopes: readonly string[] },
  ): Promise<string | undefined>;
  /** Whether there was such a question that this person could answer. */
  answerDevice(from: FromBrowser, answer: { userCode: string; allow: boolean }): Promise<boolean>;
  /** What a device asks for, now that this person is the one to answer; undefined where there is no such code. */
  claimDevice(from: FromBrowser, userCode: string): Promise<{ clientId: string; scopes: string[] } | undefined>;
  createUser(user: { email: string; name: string; password: string }): Promise<{ userId: string }>;
  /** As the library keeps passwords. */
  hashPassword(password: string): Promise<string>;
  /** Whether it is the person's password; takes as long as a sign-in. */
  isPassword(userId: string, password: string): Promise<boolean>;
  /** Makes the client known, or writes anew what its document says now. */
  keepClient(client: NewClient): Promise<void>;
  keepServiceClient(client: NewServiceClient): Promise<void>;
  /** A JWT with the issuer's name, by the key that signs tokens; no access token, so that it opens nothing here. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
}
