import { readFile } from 'node:fs/promises';
import { isObject } from '../../../kernel/json.ts';
import { codeOf } from '../local.ts';
import type { VaultClient } from './client.ts';
import { asTrouble, VaultTrouble } from './trouble.ts';

/** How to sign in, as `secrets.vault.auth` has it. */
export type VaultAuth =
  | { token: string }
  | { appRole: { roleId: string; secretId: string; mount: string } }
  | { kubernetes: { role: string; tokenFile: string; mount: string } };

interface Held {
  token: string;
  /** Made by our own sign-in, and so ours to end. */
  own: boolean;
  renewable: boolean;
  /** What it was granted at first, in milliseconds; undefined for one that never ends. */
  grantedMs?: number;
  /** Milliseconds since the epoch. */
  expiresAt?: number;
  renewAt?: number;
}

/** The token that requests carry, kept alive. */
export interface VaultSession {
  /** Signs in where that was not done, or has to be done again. Throws `VaultTrouble`. */
  token(): Promise<string>;
  /** The vault refused a request with this token; whether signing in again may help. */
  refused(token: string): boolean;
  /** Renews the token when it is time. Throws `VaultTrouble`. */
  tend(): Promise<void>;
  /** When it is to be tended, in milliseconds since the epoch. */
  dueAt(): number;
  /** Of the token held now; undefined for one that never ends, or none. */
  expiresAt(): number | undefined;
  /** Whether the token can only be given anew by whoever runs this. */
  isGiven: boolean;
  /** Ends a token that was made here, and with it what it was given. Never throws. Whether there was one. */
  close(): Promise<boolean>;
}

const never = Number.POSITIVE_INFINITY;
const retryMs = 5_000;

export function createVaultSession({
  client,
  auth,
  now,
}: {
  client: VaultClient;
  auth: VaultAuth;
  now(): number;
}): VaultSession {
  const isGiven = 'token' in auth;
  let held: Held | undefined;
  let opening: Promise<Held> | undefined;

  const grant = (token: string, own: boolean, seconds: unknown, renewable: unknown): Held => {
    const lastsMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined;
    return {
      token,
      own,
      renewable: renewable === true,
      ...(lastsMs === undefined
        ? {}
        : { grantedMs: lastsMs, expiresAt: now() + lastsMs, renewAt: now() + lastsMs / 2 }),
    };
  };

  const signIn = async (): Promise<Held> => {
    if ('token' in auth) return lookUpGiven(auth.token);
    const [path, body] = await requestOf(auth);
    const said = await client({ method: 'POST', path, body }).catch((error: unknown) => {
      const trouble = asTrouble(error);
      if (trouble.kind === 'away') throw trouble;
      throw new VaultTrouble(
        'refused',
        `the vault refuses to sign us in by ${'appRole' in auth ? 'AppRole' : 'Kubernetes'}`,
      );
    });
    const given = said.auth;
    if (!isObject(given) || typeof given.client_token !== 'string')
      throw new VaultTrouble('wrong', 'the vault signs us in without a token');
    return grant(given.client_token, true, given.lease_duration, given.renewable);
  };

  const lookUpGiven = async (token: string): Promise<Held> => {
    try {
      const { data } = await client({ method: 'GET', path: 'auth/token/lookup-self', token });
      return isObject(data) ? grant(token, false, data.ttl, data.renewable) : grant(token, false, 0, false);
    } catch (error) {
      const trouble = asTrouble(error);
      // Whether the token is bad or only may not look at itself cannot be told apart: reading tells.
      if (trouble.kind !== 'away') return grant(token, false, 0, false);
      throw trouble;
    }
  };

  const open = (): Promise<Held> => {
    opening ??= signIn()
      .then((made) => {
        held = made;
        return made;
      })
      .finally(() => {
        opening = undefined;
      });
    return opening;
  };

  const renew = async (current: Held): Promise<void> => {
    const { auth: given } = await client({
      method: 'POST',
      path: 'auth/token/renew-self',
      token: current.token,
      body: {},
    });
    if (!isObject(given) || typeof given.lease_duration !== 'number' || given.lease_duration <= 0)
      throw new VaultTrouble('wrong', 'the vault does not say how long the token lasts');
    const lastsMs = given.lease_duration * 1_000;
    held = {
      ...current,
      renewable: given.renewable === true,
      expiresAt: now() + lastsMs,
      renewAt: now() + lastsMs / 2,
    };
    // Near its longest life a renewal gives less and less: from then on only signing in again helps.
    if (!isGiven && lastsMs < (current.grantedMs ?? 0) / 3) await open();
  };

  return {
    isGiven,
    async token() {
      const valid = held && (held.expiresAt ?? never) > now() ? held : undefined;
      if (valid) return valid.token;
      if (held && isGiven && held.expiresAt !== undefined) throw new VaultTrouble('refused', 'the token has expired');
      return (await open()).token;
    },
    refused(token) {
      if (isGiven) return false;
      if (held?.token === token) held = undefined;
      return true;
    },
    async tend() {
      const current = held;
      if (current?.renewAt === undefined || current.renewAt > now()) return;
      held = { ...current, renewAt: now() + retryMs };
      if (!current.renewable) {
        if (!isGiven) await open();
        return;
      }
      try {
        await renew(current);
      } catch (error) {
        const trouble = asTrouble(error);
        if (trouble.kind === 'away' || isGiven) throw trouble;
        await open();
      }
    },
    dueAt: () => held?.renewAt ?? never,
    expiresAt: () => held?.expiresAt,
    async close() {
      const current = held;
      held = undefined;
      if (!current?.own) return false;
      await client({ method: 'POST', path: 'auth/token/revoke-self', token: current.token, body: {} }).catch(
        () => undefined,
      );
      return true;
    },
  };
}

async function requestOf(auth: Exclude<VaultAuth, { token: string }>): Promise<[string, Record<string, unknown>]> {
  if ('appRole' in auth) {
    const { roleId, secretId, mount } = auth.appRole;
    return [`auth/${mount}/login`, { role_id: roleId, secret_id: secretId }];
  }
  const { role, tokenFile, mount } = auth.kubernetes;
  try {
    return [`auth/${mount}/login`, { role, jwt: (await readFile(tokenFile, 'utf8')).trim() }];
  } catch (error) {
    throw new VaultTrouble('wrong', `the token of the service account cannot be read (${codeOf(error)})`);
  }
}
