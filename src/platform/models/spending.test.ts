import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RerankServer, startReranker } from '../../../test/rerankers.ts';
import { addedTo, type Expense } from '../../kernel/cost.ts';
import { createReranker } from './reranker.ts';
import { expectedOfAnswer, isCount, payingFor } from './spending.ts';

let server: RerankServer;
beforeAll(async () => {
  server = await startReranker(() => 1);
});
afterAll(() => server?.stop());

const chat = { url: 'http://127.0.0.1/v1', model: 'm', maxOutputTokens: 1_000, timeoutMs: 1_000 };

it('is told to whoever pays around it: each what was asked for them, and the innermost alone [CO-6]', async () => {
  const settings = { url: server.url, model: 'order', costPerMillionTokens: 2 };
  const reranker = createReranker({ settings, fetch: (url, init) => fetch(url, init) });
  const rank = (texts: string[]) => reranker.rank('four', texts, AbortSignal.timeout(30_000));
  const spent: Record<string, Expense | undefined> = {};
  const pays = (who: string) => (expense: Expense) => {
    spent[who] = addedTo(spent[who], expense);
  };
  await rank(['nobody pays']);
  await Promise.all([
    payingFor(pays('one'), async () => {
      await rank(['12345678']); // it reads the question beside it: 12 characters
      await payingFor(pays('inner'), () => rank(['1234']));
      await rank(['12345678', '12345678']);
    }),
    payingFor(pays('other'), () => rank(['1234', '1234'])),
  ]);
  expect(spent).toEqual({
    one: { tokens: 9, amount: 0.000018 },
    inner: { tokens: 2, amount: 0.000004 },
    other: { tokens: 4, amount: 0.000008 },
  });
});

it('is expected of an answer as its passages, its question and its length have it, at the prices that there are [CO-6]', () => {
  expect(expectedOfAnswer(chat, { question: 'x'.repeat(100), max_tokens: 900 })).toEqual({ tokens: 4_000 });
  const priced = { ...chat, costPerMillionTokens: 1, costPerMillionOutputTokens: 10 };
  expect(expectedOfAnswer(priced, { question: 'x'.repeat(100), max_tokens: 900 }, 'EUR')).toEqual({
    tokens: 4_000,
    amount: 0.013,
    currency: 'EUR',
  });
});

it('is believed of a model where it can be a number of tokens [CO-6]', () => {
  expect([0, 1, 1_000_000_000].map(isCount)).toEqual([true, true, true]);
  expect([undefined, -1, 1.5, 1e300, Number.NaN].map(isCount)).toEqual(Array(5).fill(false));
});
