import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AccessWorld, openAccessWorld, testResource } from '../../../test/access.ts';
import { openTestIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { fileSchema } from '../../config/schema.ts';
import { FairleadError, Internal } from '../../kernel/errors.ts';
import { type Access, InvalidCredential, systemPrincipal } from './index.ts';

let world: AccessWorld;
let issuer: TestIssuer;
let access: Access;
let secret: string;
let token: string;

beforeAll(async () => {
  [world, issuer] = await Promise.all([openAccessWorld(), openTestIssuer({ audience: testResource })]);
  const { issuers } = fileSchema.parse({ auth: { issuers: [{ issuer: issuer.url }] } }).auth;
  access = world.open({ issuers });
  await access.start();
  ({ secret } = await access.keys.create({
    org: 'default',
    name: 'ci',
    roles: ['viewer'],
    createdBy: systemPrincipal(),
  }));
  token = await issuer.token();
});
afterAll(() => Promise.all([world.stop(), issuer.stop()]));

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ maxLength: 20_000 }),
);
const base64 = (value: fc.Arbitrary<string>) => value.map((text) => Buffer.from(text).toString('base64url'));
const header = fc.oneof(
  fc.json(),
  fc
    .record(
      {
        alg: fc.oneof(fc.constantFrom('RS256', 'ES256', 'HS256', 'none', 'EdDSA', 'dir'), fc.jsonValue()),
        kid: fc.oneof(fc.constant('first'), fc.jsonValue()),
        crit: fc.jsonValue(),
        b64: fc.jsonValue(),
        jwk: fc.jsonValue(),
        jku: fc.webUrl(),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);

it('answers every credential there can be with a caller or with an error fit for the caller [SP-14]', async () => {
  const claims = fc
    .record({ iss: fc.constant(issuer.url), aud: fc.jsonValue(), sub: fc.jsonValue(), exp: fc.jsonValue() })
    .map((value) => JSON.stringify(value));
  const tokenLike = fc
    .tuple(base64(header), base64(fc.oneof(fc.json(), claims)), base64(anyText))
    .map((parts) => parts.join('.'));
  const mutated = fc
    .tuple(fc.constantFrom(secret, token), fc.nat(2_000), fc.nat(5), fc.string({ unit: 'binary', maxLength: 5 }))
    .map(([text, at, cut, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + cut));
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyText, tokenLike, mutated), async (text) => {
      const answer = await access.authenticate(text).catch((error: unknown) => error);
      if (answer instanceof Error) {
        expect(answer).toBeInstanceOf(FairleadError);
        expect(answer).not.toSatisfy(Internal.is);
        expect(answer).toMatchObject({ spec: { status: 401 } });
      } else expect(answer).toMatchObject({ org: 'default' });
    }),
    { numRuns: 2_000 },
  );
  expect(issuer.asked.length).toBeLessThan(5);
});

it('takes keys and tokens side by side, and other issuers after a reload [SP-14]', async () => {
  expect(await access.authenticate(secret)).toMatchObject({ credential: { kind: 'api_key' } });
  expect(await access.authenticate(token)).toMatchObject({ credential: { kind: 'jwt' } });
  const { issuers } = fileSchema.parse({ auth: { issuers: [{ issuer: 'x', sharedSecret: 's'.repeat(32) }] } }).auth;
  expect(() => access.setIssuers(issuers, false)).toThrow(/development/);
  expect(await access.authenticate(token)).toMatchObject({ credential: { kind: 'jwt' } });
  access.setIssuers([], false);
  await expect(access.authenticate(token)).rejects.toSatisfy(InvalidCredential.is);
});
