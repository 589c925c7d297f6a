import { isIPv6 } from 'node:net';
import type { Clock } from '../../../kernel/clock.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Keyring } from '../../../platform/keyring/index.ts';
import { TooManyAttempts } from '../errors.ts';
import { countAttempts, deleteOldAttempts, forgetAttempts, takeBackAttempt } from './store.ts';

const windowMs = 15 * 60_000;

/** What somebody may do how often within a quarter of an hour. */
const allowed = {
  /** Passwords tried for one account, from wherever but browsers that it knows. */
  account: 100,
  /** Of those, from one network: one stranger does not lock out anybody elsewhere. */
  pair: 10,
  /** Passwords tried for one account in a browser from which somebody signed in to it before. */
  browser: 10,
  /** Passwords and invitations tried from one address, for whichever account. */
  address: 50,
  /** Programs made known from one address. */
  clients: 60,
  /** Codes of devices tried from one address. */
  codes: 20,
} as const;

/** The rule of the refusal that is worth a record: those after it in the same quarter of an hour say nothing new. */
export const firstBeyond = 'sign-in:limit';

/** One try. */
export interface Attempt {
  email?: string;
  address: string | undefined;
  /** Which browser it is, where somebody signed in to this account from it before: strangers do not count for it. */
  browser?: string | undefined;
}

export interface Limits {
  /**
   * Counts the attempt, then throws TooManyAttempts where it is one too many. Counted first: a hundred attempts at once
   * are a hundred attempts.
   */
  count(attempt: Attempt): Promise<void>;
  /** It was the right password: it does not count. */
  succeeded(attempt: Attempt & { email: string }): Promise<void>;
  /** Whoever came from there was let in: it does not count. */
  arrived(address: string | undefined): Promise<void>;
  countClient(address: string | undefined): Promise<void>;
  countCode(address: string | undefined): Promise<void>;
  tidy(): Promise<void>;
}

/** Kept in the database, so that they hold for all replicas together and after a restart. */
export function createLimits({ db, keyring, clock }: { db: Db; keyring: Keyring; clock: Clock }): Limits {
  const keyOf = (kind: keyof typeof allowed, text: string) => `${kind}:${keyring.hash('sign-in', `${kind}:${text}`)}`;
  const accountKey = (email: string) => keyOf('account', email.trim().toLowerCase());
  const pairKey = (email: string, address: string | undefined) =>
    keyOf('pair', `${email.trim().toLowerCase()} ${networkOf(address)}`);
  const browserKey = (email: string, browser: string) => keyOf('browser', `${email.trim().toLowerCase()} ${browser}`);
  const addressKey = (address: string | undefined, kind: 'address' | 'clients' | 'codes' = 'address') =>
    keyOf(kind, networkOf(address));

  async function count(keys: readonly string[]): Promise<void> {
    const now = clock.now();
    const counted = await countAttempts(db, keys, now, windowMs);
    const over = [...counted].map(([key, { count, since }]) => ({
      by: count - allowed[key.split(':')[0] as keyof typeof allowed],
      waitMs: since + windowMs - now,
    }));
    const beyond = over.filter(({ by }) => by > 0);
    if (beyond.length === 0) return;
    const seconds = Math.max(1, Math.ceil(Math.max(...beyond.map(({ waitMs }) => waitMs)) / 1000));
    const isFirst = beyond.some(({ by }) => by === 1);
    throw TooManyAttempts({}, { retryAfterSeconds: seconds, ...(isFirst ? { rule: firstBeyond } : {}) });
  }

  return {
    count({ email, address, browser }) {
      if (email === undefined) return count([addressKey(address)]);
      if (browser !== undefined) return count([browserKey(email, browser)]);
      return count([accountKey(email), pairKey(email, address), addressKey(address)]);
    },
    async succeeded({ email, address, browser }) {
      if (browser !== undefined) return forgetAttempts(db, browserKey(email, browser));
      await forgetAttempts(db, pairKey(email, address));
      await takeBackAttempt(db, accountKey(email));
      await takeBackAttempt(db, addressKey(address));
    },
    arrived: (address) => takeBackAttempt(db, addressKey(address)),
    countClient: (address) => count([addressKey(address, 'clients')]),
    countCode: (address) => count([addressKey(address, 'codes')]),
    tidy: () => deleteOldAttempts(db, clock.now() - windowMs),
  };
}

/** Whoever has one IPv6 address has all of its /64. */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  return [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ? tail.split(':') : [])]
    .slice(0, 4)
    .map((group) => Number.parseInt(group || '0', 16).toString(16))
    .join(':');
}
