import { isObject, parseJson } from '../kernel/json.ts';
import { createEgress } from '../platform/http/egress.ts';
import { createLog } from '../platform/telemetry/log.ts';
import { keepLogin, type Login, readLogins } from './logins.ts';

export const commandLineClient = 'fairlead-cli';
const renewMs = 60_000; // before it ends, so that it does not end on its way
const timeoutMs = 15_000;

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** A request of the protocol, before there is any key. Rejects with what fetch throws. */
export async function askProtocol(url: string, form?: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
  const egress = createEgress({ allow: [], log: createLog({ level: 'silent', service: 'fairlead' }) });
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await egress.fetch(url, {
      guarded: false, // whoever sits at the terminal names the address
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    });
    const text = await response.text();
    const body = response.headers.get('content-type')?.includes('json') ? parseJson(text) : undefined;
    return { status: response.status, body: isObject(body) ? body : {} };
  } finally {
    await egress.stop();
  }
}

/** What a token endpoint gave, to be kept; undefined where it gave nothing. */
export function loginOf({ status, body }: Answer, urls: Pick<Login, 'tokenUrl' | 'revokeUrl'>): Login | undefined {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = body;
  if (status !== 200 || typeof accessToken !== 'string' || typeof refreshToken !== 'string') return undefined;
  return { ...urls, accessToken, refreshToken, expiresAt: Date.now() + Number(seconds) * 1000 };
}

/** The token of who signed in at this server, renewed where it is about to end; undefined where nobody did. */
export async function tokenFor(file: string, url: string): Promise<string | undefined> {
  const known = (await readLogins(file))[url];
  if (!known) return undefined;
  if (known.expiresAt - Date.now() > renewMs) return known.accessToken;
  const { tokenUrl, revokeUrl, refreshToken } = known;
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: commandLineClient };
  const answer = await askProtocol(tokenUrl, form).catch(() => undefined);
  const renewed = answer && loginOf(answer, { tokenUrl, revokeUrl });
  if (renewed) await keepLogin(file, url, renewed);
  // A server that is away is one thing; one that says no has ended the session, and says so with the old token, too.
  return (renewed ?? known).accessToken;
}
