import { expect, it } from 'vitest';
import { isDocumentUrl, isRedirectUri } from './clients.ts';

it.each([
  ['https://app.example.com/callback', true],
  ['http://127.0.0.1:4711/callback', true],
  ['http://localhost/callback', true],
  ['http://[::1]:4711/callback', true],
  ['cursor://anysphere.cursor-mcp/oauth/callback', true],
  ['com.example.app:/callback', true],
  ['http://app.example.com/callback', false],
  ['http://localhost.example.com/', false],
  ['http://127.0.0.1.example.com/', false],
  ['javascript:alert(1)', false],
  ['data:text/html,x', false],
  ['file:///etc/passwd', false],
  ['https://user:pass@app.example.com/', false],
  ['https://app.example.com/#there', false],
  ['/callback', false],
])('an answer may go to %s: %s', (uri, may) => {
  expect(isRedirectUri(uri)).toBe(may);
});

it.each([
  ['https://app.example.com/client.json', true],
  ['https://app.example.com/', false],
  ['https://app.example.com', false],
  ['http://app.example.com/client.json', false],
  ['https://app.example.com/a/../client.json', false],
  ['https://user@app.example.com/client.json', false],
  ['https://app.example.com/client.json#x', false],
  ['HTTPS://APP.example.com/client.json', false],
  ['dyn_06exw4v5d0tq8m2k9r7h3n1c5b', false],
])('%s is the id of a document: %s', (id, is) => {
  expect(isDocumentUrl(id, false)).toBe(is);
});
