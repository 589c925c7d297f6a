import { expect, it } from 'vitest';
import type { TokenSet } from '../../platform/oauth/index.ts';
import { createHeldToken } from './held.ts';

const never = new AbortController().signal;

function world() {
  let clock = 0;
  let count = 0;
  const outcomes: (Error | number | undefined)[] = [];
  const held = createHeldToken(() => clock);
  const fetchToken = async (): Promise<TokenSet> => {
    count++;
    const outcome = outcomes.shift();
    if (outcome instanceof Error) throw outcome;
    const expiresAt = outcome === undefined ? undefined : clock + outcome;
    const rest = { scope: undefined, refreshToken: undefined, idToken: undefined, issuedTokenType: undefined };
    return { accessToken: `token ${count}`, expiresAt, ...rest };
  };
  return {
    held,
    outcomes,
    get: async () => (await held.get(never, fetchToken)).accessToken,
    later: (ms: number) => {
      clock += ms;
    },
    fetched: () => count,
  };
}

it('is fetched once for all who wait, and renewed a little before its end [AC-4]', async () => {
  const { get, later, outcomes } = world();
  outcomes.push(600_000, 600_000);
  expect(await Promise.all([get(), get(), get()])).toEqual(['token 1', 'token 1', 'token 1']);
  later(569_000);
  expect(await get()).toBe('token 1');
  later(2_000);
  expect(await get()).toBe('token 2');
});

it('serves on until its end where no other is to be had, and not a moment longer [AC-4]', async () => {
  const { get, later, outcomes } = world();
  outcomes.push(600_000, new Error('down'), new Error('down'));
  await get();
  later(580_000);
  expect(await get()).toBe('token 1');
  later(21_000);
  await expect(get()).rejects.toThrow('down');
});

it('is not asked for again and again where there is none: the pause grows [AC-4]', async () => {
  const { get, later, outcomes, fetched } = world();
  outcomes.push(new Error('no'), new Error('no'), 1_000);
  await expect(get()).rejects.toThrow('no');
  await expect(get()).rejects.toThrow('no');
  expect(fetched()).toBe(1);
  later(1_000);
  await expect(get()).rejects.toThrow('no');
  later(1_000);
  await expect(get()).rejects.toThrow('no');
  expect(fetched()).toBe(2);
  later(1_000);
  expect(await get()).toBe('token 3');
});

it('is dropped when it was refused, unless there is another by then [AC-4]', async () => {
  const { held, get } = world();
  expect(await get()).toBe('token 1');
  held.drop('another');
  expect(held.current()?.accessToken).toBe('token 1');
  held.drop('token 1');
  expect(held.current()).toBeUndefined();
  expect(await get()).toBe('token 2');
});

it('keeps nobody waiting who does not want it any more [AC-4]', async () => {
  const { held } = world();
  const gone = new AbortController();
  const waiting = held.get(gone.signal, () => new Promise(() => undefined));
  gone.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
});
