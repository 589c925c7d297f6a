import { type Fairlead, type FairleadOptions, startFairlead } from './harness.ts';
import { atProvider, freePort, openTestProvider, type TestProvider, type TestProviderOptions } from './openid.ts';
import { type Browser, openBrowser } from './signin.ts';

export interface SsoWorld {
  fairlead: Fairlead;
  /** By the names that the settings give them. */
  providers: Record<string, TestProvider>;
  /** A browser that goes to the providers, too. */
  browser(): Browser;
  /** `auth.sso` as it stands in the file. */
  sso: Record<string, Record<string, unknown>>;
  /** Goes to the provider, signs in there by the name of an account, and comes back to whatever page there is then. */
  by(provider: string, account: string, browser?: Browser, query?: string): Promise<Browser>;
  me(token: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Records of administrative acts, newest first. */
  acts(action: string, org?: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export const secret = 'a secret of the test';

export interface SsoProviderOptions {
  settings?: Record<string, unknown>;
  accounts?: TestProviderOptions['accounts'];
  inIdToken?: boolean;
}

/** A server with a real OpenID provider for each name. */
export async function startSso(
  named: Record<string, SsoProviderOptions>,
  options: FairleadOptions = {},
): Promise<SsoWorld> {
  const port = await freePort();
  const here = `http://127.0.0.1:${port}`;
  const providers: Record<string, TestProvider> = {};
  const sso: SsoWorld['sso'] = {};
  for (const [name, { settings = {}, accounts = {}, inIdToken = false }] of Object.entries(named)) {
    const provider = await openTestProvider({
      clients: [
        {
          client_id: `fairlead-${name}`,
          client_secret: secret,
          redirect_uris: [`${here}/auth/sso/${name}/callback`],
          post_logout_redirect_uris: [`${here}/auth/sign-in`],
          backchannel_logout_uri: `${here}/auth/sso/${name}/logout`,
          backchannel_logout_session_required: true,
        },
      ],
      accounts,
      inIdToken,
    });
    providers[name] = provider;
    sso[name] = {
      issuer: provider.url,
      clientId: `fairlead-${name}`,
      clientSecret: secret,
      scopes: ['openid', 'profile', 'email', 'groups'],
      ...settings,
    };
  }
  const fairlead = await startFairlead({
    ...options,
    env: { ...options.env, FAIRLEAD_PORT: String(port) },
    config: { ...options.config, auth: { sso } },
  });
  const origins = Object.values(providers).map(({ url }) => url);
  const browser = () => openBrowser(fairlead.url, origins);
  return {
    fairlead,
    providers,
    browser,
    sso,
    async by(name, account, used = browser(), query = '') {
      await used.open(`/auth/sso/${name}${query}`);
      return atProvider(used, account);
    },
    async me(token) {
      const response = await fairlead.request('/api/v1/me', { key: token });
      return { status: response.status, body: await response.json() };
    },
    async acts(action, org = 'default') {
      const answer = await fairlead.request(`/api/v1/audit?kind=act&limit=500&org=${org}`);
      const { records } = await answer.json();
      return records.filter((record: { action: string }) => record.action === action);
    },
    async stop() {
      await fairlead.stop();
      for (const provider of Object.values(providers)) await provider.stop();
    },
  };
}
