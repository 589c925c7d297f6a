import { FairleadError } from '../../kernel/errors.ts';
import { type Egress, EgressBlocked, ResponseTooLarge, readBounded } from '../http/index.ts';
import { OAuthFault } from './fault.ts';

const maxBytes = 1024 * 1024;
const timeoutMs = 20_000;

/** How this room asks others: bounded in time and size. Throws `OAuthFault`. */
export interface OAuthRequests {
  send(url: string | URL, init?: RequestInit): Promise<Response>;
  /** Throws `OAuthFault` for an address that credentials may not be sent to, because everybody on the way could read them. */
  assertConfidential(url: string | URL): void;
}

interface Deps {
  egress: Pick<Egress, 'fetch'>;
  /**
   * Addresses that the operator wrote down: their origins are reached wherever they are, and spoken to without TLS where
   * that is what was written. All others come from metadata and from users, and are held to the SSRF guard.
   */
  trusted: readonly (string | undefined)[];
  signal: AbortSignal;
}

export function createOAuthRequests({ egress, trusted, signal }: Deps): OAuthRequests {
  const origins = new Set(trusted.flatMap((url) => (url === undefined ? [] : [new URL(url).origin])));

  return {
    async send(url, init = {}) {
      const target = addressOf(url);
      const patience = AbortSignal.timeout(timeoutMs);
      const signals = [signal, patience, init.signal].filter((each) => each instanceof AbortSignal);
      try {
        const guarded = !origins.has(target.origin);
        const response = await egress.fetch(target, { ...init, signal: AbortSignal.any(signals), guarded });
        const { status, statusText, headers } = response;
        const body = await readBounded(response, maxBytes);
        const hasBody = ![204, 205, 304].includes(status);
        return Object.defineProperty(
          new Response(hasBody ? new Uint8Array(body) : null, { status, statusText, headers }),
          'url',
          { value: response.url },
        );
      } catch (error) {
        signal.throwIfAborted();
        throw unreachable(target, error, patience.aborted);
      }
    },
    assertConfidential(url) {
      const target = addressOf(url);
      if (target.protocol === 'https:' || isLoopback(target.hostname) || origins.has(target.origin)) return;
      throw new OAuthFault('its authorization server is not reached by https', { detail: target.origin });
    },
  };
}

/** What stands in the way, and what to do, in words for everybody: which address it is stands in the log. */
const addressRule =
  'its authorization server is at an address that may not be reached from here: it is not public, and egress.allow in fairlead.yaml does not name it';

function unreachable({ origin }: URL, cause: unknown, isLate: boolean): OAuthFault {
  if (cause instanceof OAuthFault) return cause;
  const detail = `${origin}: ${cause instanceof Error ? cause.message : String(cause)}`;
  if (isLate)
    return new OAuthFault('its authorization server did not answer in time', { detail, retryable: true, cause });
  if (ResponseTooLarge.is(cause))
    return new OAuthFault('its authorization server answered with too much', { detail, cause });
  if (EgressBlocked.is(cause)) return new OAuthFault(addressRule, { detail, cause });
  if (cause instanceof FairleadError && !cause.spec.retryable) {
    return new OAuthFault('the address of its authorization server may not be reached from here', { detail, cause });
  }
  return new OAuthFault('its authorization server cannot be reached', { detail, retryable: true, cause });
}

function addressOf(url: string | URL): URL {
  if (!URL.canParse(String(url))) throw new OAuthFault('its authorization server has an address that is none');
  return new URL(url);
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || /^(127(\.\d+){3}|\[::1\])$/.test(hostname);
}
