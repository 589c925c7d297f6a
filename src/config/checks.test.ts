import { expect, it } from 'vitest';
import { isBuiltIn } from './index.ts';

const issuer = { issuer: 'https://login.example.com' } as never;

it.each([
  ['with nothing said, on loopback', undefined, [], 'http://127.0.0.1:7300', true],
  ['with nothing said, over https', undefined, [], 'https://fairlead.example.com', true],
  ['with nothing said, in the clear over a network', undefined, [], 'http://192.0.2.1:7300', false],
  ['beside an issuer of the operator', undefined, [issuer], 'https://fairlead.example.com', false],
  ['beside an issuer, when both are wanted', true, [issuer], 'https://fairlead.example.com', true],
  ['when it is not wanted', false, [], 'https://fairlead.example.com', false],
])('people sign in here %s', (_, builtIn, issuers, publicUrl, is) => {
  expect(isBuiltIn({ auth: { builtIn, issuers, sso: {} }, publicUrl })).toBe(is);
});
