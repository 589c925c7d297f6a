import { expect, it } from 'vitest';
import { yamlWorld as yaml } from '../../test/settings.ts';
import { isBuiltIn } from './index.ts';

const issuer = { issuer: 'https://login.example.com' } as never;
const corp: Record<string, never> = { corp: issuer };

it.each([
  ['with nothing said, on loopback', undefined, [], 'http://127.0.0.1:7300', true],
  ['with nothing said, over https', undefined, [], 'https://fairlead.example.com', true],
  ['with nothing said, in the clear over a network', undefined, [], 'http://192.0.2.1:7300', false],
  ['beside an issuer of the operator', undefined, [issuer], 'https://fairlead.example.com', false],
  ['beside an issuer, when both are wanted', true, [issuer], 'https://fairlead.example.com', true],
  [
    'beside an issuer, by a provider of single sign-on',
    undefined,
    [issuer],
    'https://fairlead.example.com',
    true,
    corp,
  ],
  ['when it is not wanted', false, [], 'https://fairlead.example.com', false],
])('people sign in here %s', (_, builtIn, issuers, publicUrl, is, sso: Record<string, never> = {}) => {
  expect(isBuiltIn({ auth: { builtIn, issuers, sso }, publicUrl })).toBe(is);
});

it('a provider of single sign-on is refused where it could not be trusted, or would let nobody in [AC-3]', async () => {
  const { faults } = yaml(`
auth:
  builtIn: false
  sso:
    plain: { issuer: "http://login.example.com", clientId: a }
    wrong: { issuer: login, clientId: "", groups: { a: { role: boss, teams: [Big] } }, default: { teams: [a] }, sessionHours: 0 }
    Bad_Name: { issuer: "https://login.example.com", clientId: a, clientSecert: hunter2 }
`);
  const found = await faults();
  expect(found.join('\n')).not.toContain('hunter2');
  expect(found.sort()).toEqual([
    'auth.sso (line 4): needs the built-in sign-in: leave out auth.builtIn: false',
    'auth.sso.Bad_Name (line 7): is not a good name: it must be lower case letters, digits and dashes',
    'auth.sso.Bad_Name.clientSecert (line 7): is not a known key; did you mean "clientSecret"?',
    'auth.sso.plain.issuer (line 5): must be https: whoever changes an answer on the way is let in',
    'auth.sso.wrong.clientId (line 6): must have at least 1 characters',
    'auth.sso.wrong.default.role (line 6): must be one of viewer, developer, operator, admin',
    'auth.sso.wrong.groups.a.role (line 6): must be one of viewer, developer, operator, admin',
    'auth.sso.wrong.groups.a.teams[0] (line 6): must be lower case letters, digits and dashes',
    'auth.sso.wrong.issuer (line 6): must be a URL that begins with http:// or https://',
    'auth.sso.wrong.sessionHours (line 6): must be at least 1',
  ]);
});
