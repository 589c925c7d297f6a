import { createHmac, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { hmacOf } from './hmac.ts';

test('a keyed hash is the one that Node makes, for texts of any length and with any characters', () => {
  const texts = [
    '',
    'a',
    'é',
    '\ud800 alone',
    '日本語',
    '😀',
    ...[31, 63, 64, 65, 5_461, 5_462, 100_000].map((n) => 'x'.repeat(n)),
  ];
  for (const bytes of [0, 16, 32, 64]) {
    const key = randomBytes(bytes);
    const hmac = hmacOf(key);
    // A long text before a short one must leave nothing behind.
    for (const text of [...texts, ...texts.toReversed(), '日'.repeat(5_461), '']) {
      expect(hmac(text)).toBe(createHmac('sha256', key).update(text).digest('hex'));
    }
  }
});
