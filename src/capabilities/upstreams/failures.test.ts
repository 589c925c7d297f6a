import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { expect, it } from 'vitest';
import { NotFound, ShuttingDown } from '../../kernel/errors.ts';
import { EgressBlocked } from '../../platform/http/index.ts';
import { CommandNotFound } from '../../platform/process/index.ts';
import { bounded, detailOf, judge, reasonOf } from './failures.ts';
import { ProcessEnded, unreadableCode } from './stdio.ts';

const http = (status: number) => new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, 'x', { status });
const caused = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error('inner'), { code }) });

it.each([
  [http(401), 'it requires other credentials (HTTP 401)'],
  [http(403), 'it denies access (HTTP 403)'],
  [http(502), 'it answered with HTTP 502'],
  [caused('ECONNREFUSED'), 'the connection was refused'],
  [
    new SdkError(SdkErrorCode.EraNegotiationFailed, 'x', {}, { cause: caused('ENOTFOUND') }),
    'the host name is not known',
  ],
  [new ProtocolError(-32_000, 'no\nthanks from /etc/secret'), 'it answered with an error'],
  [new ProcessEnded({ code: null, signal: 'SIGSEGV' }, undefined), 'its process was ended by SIGSEGV'],
  [ShuttingDown(), 'the server is shutting down'],
  [CommandNotFound({ command: '/opt/secret' }), 'its program was not found'],
  [EgressBlocked({ host: 'inside.example', reason: 'private' }), 'its address may not be reached from here'],
  [NotFound({ what: 'secret', id: 'x' }), 'it cannot be used from here'],
  [new DOMException('x', 'TimeoutError'), 'it did not answer in time'],
  [new SdkError(SdkErrorCode.RequestTimeout, 'x'), 'it did not answer in time'],
  [new SdkError(SdkErrorCode.ConnectionClosed, 'x'), 'the connection was closed'],
  [new SdkError(SdkErrorCode.EraNegotiationFailed, 'x'), 'it cannot be reached, or does not speak MCP'],
  [new SdkError(SdkErrorCode.InvalidResult, '/etc/secret'), 'it does not speak MCP as it should'],
  [new Error('/home/somebody/secret'), 'it does not work as an MCP server'],
  ['odd', 'it does not work as an MCP server'],
])('says of %s what a caller may know [SP-10]', (error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});

it.each([
  [new ProtocolError(-32_000, 'no\nthanks'), 'it answered with the error -32000: no thanks'],
  [CommandNotFound({ command: 'mcp-x' }), /^The command "mcp-x" was not found\. Install it/],
  [new ProcessEnded({ code: 1, signal: null }, CommandNotFound({ command: 'mcp-x' })), /"mcp-x"/],
  [caused('ECONNREFUSED'), undefined],
])('says of %s what those who operate need to know [SP-10]', (error, detail) => {
  if (detail instanceof RegExp) expect(detailOf(error)).toMatch(detail);
  else expect(detailOf(error)).toBe(detail);
});

it.each([
  ['a refused connection', caused('ECONNREFUSED'), 'UPSTREAM_UNAVAILABLE', true, 'unsent'],
  ['a reset connection', caused('ECONNRESET'), 'UPSTREAM_UNAVAILABLE', true, 'safe'],
  ['a request that was not sent', new Error('Not connected'), 'UPSTREAM_UNAVAILABLE', true, 'unsent'],
  ['HTTP 500', http(500), 'UPSTREAM_UNAVAILABLE', true, 'safe'],
  ['HTTP 429', http(429), 'UPSTREAM_BUSY', false, 'safe'],
  ['HTTP 404', http(404), 'UPSTREAM_UNAVAILABLE', false, 'safe'],
  ['HTTP 400', http(400), 'UPSTREAM_REJECTED', false, 'never'],
  ['HTTP 401', http(401), 'UPSTREAM_UNAUTHORIZED', false, 'never'],
  ['invalid params', new ProtocolError(-32_602, 'x'), 'UPSTREAM_INVALID_PARAMS', false, 'never'],
  ['an inner error of the upstream', new ProtocolError(-32_603, 'x'), 'UPSTREAM_REJECTED', false, 'never'],
  ['a resource that is not there', new ProtocolError(-32_002, 'x'), 'NOT_FOUND', false, 'never'],
  ['an answer that is too long', new ProtocolError(unreadableCode, 'x'), 'UPSTREAM_PROTOCOL', false, 'never'],
  ['a result of the wrong shape', new SdkError(SdkErrorCode.InvalidResult, 'x'), 'UPSTREAM_PROTOCOL', true, 'never'],
  ['an answer that is no JSON', new SyntaxError('x'), 'UPSTREAM_PROTOCOL', true, 'never'],
  ['an address that is refused', EgressBlocked({ host: 'inside' }), 'UPSTREAM_UNAVAILABLE', false, 'never'],
  ['our own refusal', ShuttingDown(), 'SHUTTING_DOWN', false, 'never'],
  [
    'a request that its protocol lacks',
    new SdkError(SdkErrorCode.MethodNotSupportedByProtocolVersion, 'x'),
    'UPSTREAM_REJECTED',
    false,
    'never',
  ],
])('judges %s [SP-11]', (_, error, code, counts, retry) => {
  expect(judge('peer', 'thing', error, undefined)).toMatchObject({ error: { code }, counts, retry });
});

it('keeps the data of an error that callers act on, unless it is out of proportion [SP-17]', () => {
  const rpc = (data: unknown) => judge('peer', 'thing', new ProtocolError(-32_042, 'x', data), undefined).error.rpc;
  expect(rpc({ url: 'https://example.com' })).toEqual({
    code: -32_042,
    message: 'x',
    data: { url: 'https://example.com' },
  });
  expect(rpc({ url: 'x'.repeat(20_000) })).toEqual({ code: -32_042, message: 'x' });
});

it('makes one bounded line of any text', () => {
  expect(bounded('a\u0000\n\t b\u202e c')).toBe('a b c');
  expect(bounded('x'.repeat(600))).toHaveLength(500);
});
