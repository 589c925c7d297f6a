import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { HttpEnv } from '../http/admission.ts';

const yearSeconds = 365 * 24 * 3_600;

/**
 * Browsers from which somebody signed in before (OWASP's device cookies): wrong passwords from strangers are counted
 * apart from theirs, so that nobody can lock somebody else out by guessing.
 */
export interface KnownBrowsers {
  /** By what this browser's tries for the account are counted; undefined where nobody signed in to it from here. */
  known(c: Context<HttpEnv>, email: string): string | undefined;
  /** Somebody has just signed in to the account. */
  remember(c: Context<HttpEnv>, email: string): void;
}

export interface KnownBrowsersDeps {
  /** A keyed hash. */
  sign(text: string): string;
  path: string;
  secure: boolean;
}

export function createKnownBrowsers({ sign, path, secure }: KnownBrowsersDeps): KnownBrowsers {
  const accountOf = (email: string) => sign(`browser-account:${email.trim().toLowerCase()}`);
  // One for each account: several people may share a browser. The name tells nobody which accounts those are.
  const nameOf = (account: string) => `fairlead.known.${account.replace(/[^A-Za-z0-9]/g, '').slice(-16)}`;
  const seal = (account: string, id: string) => sign(`browser:${account}:${id}`);

  return {
    known(c, email) {
      const account = accountOf(email);
      const [id = '', given = ''] = (getCookie(c, nameOf(account)) ?? '').split('~');
      if (!/^[\w-]{24}$/.test(id)) return undefined;
      const [a, b] = [Buffer.from(given), Buffer.from(seal(account, id))];
      return a.length === b.length && timingSafeEqual(a, b) ? id : undefined;
    },
    remember(c, email) {
      const account = accountOf(email);
      const id = randomBytes(18).toString('base64url');
      setCookie(c, nameOf(account), `${id}~${seal(account, id)}`, {
        path,
        secure,
        httpOnly: true,
        sameSite: 'Lax',
        maxAge: yearSeconds,
      });
    },
  };
}
