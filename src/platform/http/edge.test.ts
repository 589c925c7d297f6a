import { describe, expect, it } from 'vitest';
import {
  addressRanges,
  checkHost,
  checkOrigin,
  clientAddress,
  HostNotAllowed,
  isFromThisMachine,
  OriginNotAllowed,
} from './index.ts';

describe('the address of a client', () => {
  const proxies = addressRanges(['10.0.0.0/8', '::1']);

  it.each([
    ['is the socket’s where no proxy is trusted', '203.0.113.9', '1.2.3.4', '203.0.113.9'],
    ['is what the trusted proxy says', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['is not what the client itself wrote', '10.0.0.1', '1.2.3.4, 203.0.113.9', '203.0.113.9'],
    ['lies behind a chain of trusted proxies', '10.0.0.1', '1.2.3.4, 203.0.113.9, 10.2.2.2, 10.3.3.3', '203.0.113.9'],
    ['is the outermost trusted one where all are trusted', '10.0.0.1', '10.9.9.9', '10.9.9.9'],
    ['is the proxy’s where the header is missing', '10.0.0.1', undefined, '10.0.0.1'],
    ['is the last sure one where the header is rubbish', '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['is the last sure one where an entry is empty', '10.0.0.1', '203.0.113.9,', '10.0.0.1'],
    ['comes without its port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['comes without brackets and port', '::1', '[2001:DB8:0::7]:443', '2001:db8::7'],
    ['is IPv4 where the socket wraps it in IPv6', '::ffff:10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ])('%s', (_, socket, header, expected) => {
    expect(clientAddress(socket, header, proxies)).toBe(expected);
  });

  it('is unknown on a socket without one', () => {
    expect(clientAddress(undefined, '203.0.113.9', proxies)).toBeUndefined();
  });
});

describe('a request', () => {
  const proxies = addressRanges(['127.0.0.1', '10.0.0.0/8']);
  const none = addressRanges([]);

  it.each([
    ['straight from loopback', '127.0.0.1', {}, none, true],
    ['straight from loopback, with a trusted proxy there', '::ffff:127.0.0.1', {}, proxies, true],
    ['straight from IPv6 loopback', '::1', {}, none, true],
    ['from elsewhere', '203.0.113.9', {}, none, false],
    ['from elsewhere that says it is here', '203.0.113.9', { 'x-forwarded-for': '127.0.0.1' }, proxies, false],
    ['through a proxy here that is not trusted', '127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }, none, false],
    ['through one that says so by Via', '127.0.0.1', { via: '1.1 proxy' }, none, false],
    ['through one that says so by Forwarded', '127.0.0.1', { forwarded: 'for=127.0.0.1' }, proxies, false],
    ['through one that says so by X-Real-IP', '127.0.0.1', { 'x-real-ip': '127.0.0.1' }, proxies, false],
    ['through a trusted one from here', '127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }, proxies, true],
    ['through a trusted one from elsewhere', '127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, proxies, false],
    ['through trusted ones, and back', '10.0.0.1', { 'x-forwarded-for': '203.0.113.9, 127.0.0.1' }, proxies, false],
    ['through a trusted one from who knows where', '127.0.0.1', { 'x-forwarded-for': 'unknown' }, proxies, false],
    ['on a socket without an address', undefined, {}, none, false],
  ])('%s is of this machine or not [SP-18]', (_, socket, headers: Record<string, string>, trusted, expected) => {
    expect(isFromThisMachine(socket, (name) => headers[name], trusted)).toBe(expected);
  });
});

describe('the Host header', () => {
  const allowed = ['localhost', '127.0.0.1', '[::1]', 'Fairlead.corp', 'with-port.corp:7300'];

  it.each([
    'localhost',
    'LOCALHOST:7300',
    '127.0.0.1:7300',
    '[::1]:7300',
    '[::1]',
    'fairlead.corp',
    'with-port.corp:1',
  ])('%s is accepted [SP-8]', (host) => checkHost(host, allowed));

  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    'evil@localhost',
    'localhost/x',
    'localhost#',
    'localhost:x',
    'a b',
  ])('%s is refused [SP-8]', (host) => {
    expect(() => checkHost(host, allowed)).toThrow(HostNotAllowed().message);
  });
});

describe('the Origin header', () => {
  const allowed = ['localhost', 'https://app.example.com'];

  it.each([undefined, '', 'http://localhost:6274', 'https://localhost', 'https://app.example.com'])(
    '%s is accepted [SP-8]',
    (origin) => checkOrigin(origin, allowed),
  );

  it.each([
    'null',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://evil.example',
    'https://localhost.evil.example',
    'x',
  ])('%s is refused [SP-8]', (origin) => {
    expect(() => checkOrigin(origin, allowed)).toThrow(OriginNotAllowed().message);
  });
});
