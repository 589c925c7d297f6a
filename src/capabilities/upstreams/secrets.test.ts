import { expect, it } from 'vitest';
import { httpUpstream, openApiUpstream, stdioUpstream } from '../../config/schema.ts';
import { answerRedactor, redactor, targetOf } from './secrets.ts';

it.each([
  [['--api-key', 's3cret-value', '--verbose'], 'server --api-key *** --verbose'],
  [['--token=s3cret-value', 'path'], 'server --token=*** path'],
  [['-password', 's3cret-value'], 'server -password ***'],
  [['--auth', '--next', 'plain'], 'server --auth --next plain'],
  [['--allowed', '/data', '8080'], 'server --allowed /data 8080'],
])('leaves secrets out of the command line %j [SP-9]', (args, shown) => {
  expect(targetOf(stdioUpstream.parse({ command: 'server', args }))).toBe(shown);
});

it('leaves user, password, query values and fragment out of a URL [SP-9]', () => {
  const url = 'https://user:pass@mcp.example:8443/path?key=abc&also=def#part';
  expect(targetOf(httpUpstream.parse({ url }))).toBe('https://mcp.example:8443/path?key=***&also=***');
});

it('takes all that an upstream was given in confidence out of its words [SP-9]', () => {
  const stdio = stdioUpstream.parse({
    command: 'server',
    args: ['--token=argument-secret'],
    env: { TOKEN: 'environment-secret', DEBUG: 'true' },
  });
  expect(redactor(stdio)('true: argument-secret and environment-secret')).toBe('true: *** and ***');
  const http = httpUpstream.parse({
    url: 'https://u:url-password@mcp.example/?key=query-secret',
    headers: { Authorization: 'Bearer header-secret' },
  });
  expect(redactor(http)('url-password query-secret header-secret Bearer header-secret')).toBe('*** *** *** ***');
});

it('takes the secrets of an API out of its words, however they were sent [SP-9] [CA-3]', () => {
  const api = openApiUpstream.parse({
    openapi: 'https://a.example/o.json?key=query-secret',
    secrets: { token: 'token/secret!', basic: 'user:password-secret', quoted: 'quoted"secret' },
    headers: { 'X-Key': 'header-secret' },
  });
  const base64 = Buffer.from('user:password-secret').toString('base64');
  const said = `query-secret token/secret! token%2Fsecret%21 password-secret ${base64} header-secret ${JSON.stringify('quoted"secret')}`;
  expect(redactor(api)(said)).toBe('*** *** *** *** *** *** "***"');
  expect(targetOf(api)).toBe('https://a.example/o.json?key=***');
  expect(targetOf(openApiUpstream.parse({ openapi: './api.yaml' }))).toBe('./api.yaml');
  expect(targetOf(openApiUpstream.parse({ openapi: { openapi: '3.1.0' } }))).toBe('a document of its own');
});

it('takes credentials out of an answer, and leaves all else of it as it is [AC-5]', () => {
  const settings = stdioUpstream.parse({
    command: 'server',
    env: {
      API_TOKEN: 'literal-token-1',
      ROOT: '/srv/documents',
      REGION: 'europe-west1',
      GIVEN: 'given-by-a-vault-1',
      AUTH_MODE: 'password',
    },
  });
  const clean = answerRedactor({ settings, given: ['given-by-a-vault-1'] });
  const answer = {
    content: [{ type: 'text', text: 'literal-token-1 of /srv/documents in europe-west1, by password' }],
    structuredContent: { deep: [{ all: 'x given-by-a-vault-1 y', n: 1, none: null }] },
    _meta: { key: Buffer.from('given-by-a-vault-1').toString('base64') },
  };
  expect(clean(answer)).toEqual({
    content: [{ type: 'text', text: '*** of /srv/documents in europe-west1, by password' }],
    structuredContent: { deep: [{ all: 'x *** y', n: 1, none: null }] },
    _meta: { key: '***' },
  });
  const harmless = { content: [{ type: 'text', text: '/srv/documents' }] };
  expect(clean(harmless)).toBe(harmless);
  const http = httpUpstream.parse({ url: 'https://a.example', headers: { Authorization: 'Bearer header-secret-1' } });
  expect(answerRedactor({ settings: http })('sent header-secret-1')).toBe('sent ***');
  expect(answerRedactor({ settings: httpUpstream.parse({ url: 'https://a.example' }) })(answer)).toBe(answer);
});
