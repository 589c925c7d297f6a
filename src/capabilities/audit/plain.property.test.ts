import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Json } from '../../kernel/json.ts';
import { createKeyring } from '../../platform/keyring/index.ts';
import { createRedactor } from './redact.ts';

// What is kept without being copied, because nothing in it has to be hidden, is what the copy would be.

const redactor = createRedactor({
  keyring: createKeyring('a secret of thirty-two bytes or more'),
  maxBytes: 1_000_000,
  redactKeys: ['patient'],
});

const telling = fc.constantFrom(
  ...['password', 'API_KEY', 'name', 'key', 'header', 'Variable', 'value', 'default', 'kind', 'data', 'stringData'],
  ...['max_tokens', 'pageToken', 'patient', '__proto__', 'toJSON', 'note', '--password', '-p', 'Authorization'],
);
const text = fc.oneof(
  telling,
  fc.constantFrom(
    'Secret',
    'Bearer abcdefghijklmnop',
    'postgres://u:hunter22@db/x',
    `ghp_${'a'.repeat(36)}`,
    '\ud800',
    '',
  ),
  fc.string({ maxLength: 12 }),
);
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    text,
    fc.constantFrom<Json>(null, true, 0, 17, 1.5),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(telling, fc.string({ maxLength: 12 })), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

it('keeps whole only what the copy would leave as it is', () => {
  let kept = 0;
  fc.assert(
    fc.property(value, (one) => {
      const { kept: body, text: whole } = redactor.body(one);
      if (whole !== undefined) kept += 1;
      expect(body).toEqual(redactor.kept(one));
    }),
    { numRuns: 3_000 },
  );
  expect(kept).toBeGreaterThan(100); // or the shortcut was never taken
});
