import { describe, expect, it } from 'vitest';
import { addressRanges, checkHost, checkOrigin, clientAddress, HostNotAllowed, OriginNotAllowed } from './index.ts';

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
