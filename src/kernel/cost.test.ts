import { describe, expect, it } from 'vitest';
import { addedTo, costKey, expenseIn, inMillionths } from './cost.ts';

const told = (cost: unknown) => expenseIn({ _meta: { [costKey]: cost } } as never);

describe('what a call cost', () => {
  it('is read from a result as far as it can be counted [CO-6]', () => {
    expect(told({ units: 1.5, tokens: 3.2, amount: 0.0000004, currency: 'EUR' })).toEqual({
      ...{ units: 1.5, tokens: 4, amount: 0, currency: 'EUR' },
    });
    expect(told({ amount: 2, currency: 'euros' })).toEqual({ amount: 2 });
    expect(told({ units: 1, currency: 'EUR' })).toEqual({ units: 1 });
    for (const nothing of [
      undefined,
      'much',
      {},
      { units: -1 },
      { tokens: 1e300 },
      { amount: Number.NaN },
      { units: '3' },
    ])
      expect(told(nothing)).toBeUndefined();
    expect(expenseIn({})).toBeUndefined();
  });

  it('adds up, in the currency that was named first [CO-6]', () => {
    expect(addedTo(undefined, { units: 2 })).toEqual({ units: 2 });
    expect(addedTo({ amount: 0.1 }, { amount: 0.2, currency: 'EUR', tokens: 5 })).toEqual({
      ...{ amount: 0.3, currency: 'EUR', tokens: 5 },
    });
    expect(addedTo({ units: 1, currency: 'USD' }, { units: 2, currency: 'EUR' })).toEqual({
      units: 3,
      currency: 'USD',
    });
  });

  it('is kept in millionths, and never as nothing [CO-6]', () => {
    expect([0, 0.0000001, 0.1 + 0.2, 1].map(inMillionths)).toEqual([0, 0.000001, 0.3, 1]);
  });
});
