import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { readText } from '../../platform/http/index.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { Markup } from './layout.ts';

const cookieName = 'fairlead.form';
const maxFormBytes = 32 * 1024;

/** Forms that only a page of ours can send: what stands in them fits the cookie of this browser, and nobody else's. */
export interface Forms {
  /** The hidden field; call it before the response is made, since it may set a cookie. */
  field(c: Context<HttpEnv>): Markup;
  /** The fields, or undefined when the form is not from a page of ours. */
  read(c: Context<HttpEnv>): Promise<URLSearchParams | undefined>;
}

export interface FormsDeps {
  /** A keyed hash. */
  sign(text: string): string;
  path: string;
  secure: boolean;
}

export function createForms({ sign, path, secure }: FormsDeps): Forms {
  /** A page may have several forms, and the browser keeps one cookie. */
  const made = new WeakMap<Request, string>();
  const seal = (cookie: string) => sign(`form:${cookie}`);
  return {
    field(c) {
      let cookie = getCookie(c, cookieName) ?? made.get(c.req.raw);
      if (!cookie || !/^[\w-]{32}$/.test(cookie)) {
        cookie = made.get(c.req.raw) ?? randomBytes(24).toString('base64url');
        made.set(c.req.raw, cookie);
        setCookie(c, cookieName, cookie, { path, secure, httpOnly: true, sameSite: 'Lax' });
      }
      return html`<input type="hidden" name="seal" value="${seal(cookie)}" />`;
    },
    async read(c) {
      const type = c.req.header('content-type') ?? '';
      if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return undefined;
      const text = await readText(c.req.raw, maxFormBytes);
      const cookie = getCookie(c, cookieName);
      if (text === undefined || !cookie) return undefined;
      const form = new URLSearchParams(text);
      const [given, wanted] = [Buffer.from(form.get('seal') ?? ''), Buffer.from(seal(cookie))];
      return given.length === wanted.length && timingSafeEqual(given, wanted) ? form : undefined;
    },
  };
}
