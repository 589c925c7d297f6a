import type { Context } from 'hono';
import type { Access } from '../../capabilities/access/index.ts';
import type { Acts } from '../../capabilities/audit/index.ts';
import type { Signin, Visitor } from '../../capabilities/signin/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Admission, HttpEnv } from '../http/admission.ts';
import type { Forms } from './forms.ts';
import type { KnownBrowsers } from './known-browser.ts';
import type { Page } from './layout.ts';

export interface SigninSurfaceDeps {
  signin: Signin;
  acts: Acts;
  /** The keys of people, which they see and revoke themselves. */
  keys: Pick<Access['keys'], 'list' | 'revoke'>;
  log: Log;
  /** A keyed hash, for what a form brings back. */
  sign(text: string): string;
  /** Whether there is an organisation in which a password counts. */
  passwordsCount(): boolean;
  /** Whether there is such an endpoint. */
  isEndpoint(name: string): boolean;
}

/** What all pages work with. */
export interface PageDeps extends SigninSurfaceDeps {
  admission: Pick<Admission, 'address'>;
  forms: Forms;
  browsers: KnownBrowsers;
  show(c: Context<HttpEnv>, page: Page): Promise<Response>;
  /** Who is signed in with this browser. */
  visitor(c: Context<HttpEnv>): Promise<Visitor | undefined>;
}
