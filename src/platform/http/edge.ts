import { validateHostHeader, validateOriginHeader } from '@modelcontextprotocol/server';
import { remember } from '../../kernel/remember.ts';
import { type AddressRanges, normalAddress } from './addresses.ts';
import { HostNotAllowed, OriginNotAllowed } from './errors.ts';

/**
 * Who really calls: from the socket leftwards through `X-Forwarded-For`, as long as the one who says so is a trusted
 * proxy. Anything a client wrote itself stands further left and is never reached. Undefined when the socket has none.
 */
export function clientAddress(
  socketAddress: string | undefined,
  xForwardedFor: string | undefined,
  trustedProxies: AddressRanges,
): string | undefined {
  if (!xForwardedFor) return socketPart(socketAddress ?? ''); // nobody claims to speak for somebody else
  return followed(socketAddress, xForwardedFor, trustedProxies).client;
}

function followed(
  socketAddress: string | undefined,
  xForwardedFor: string | undefined,
  trustedProxies: AddressRanges,
): { client: string | undefined; isSure: boolean } {
  let client = socketPart(socketAddress ?? '');
  const claimed = (xForwardedFor ?? '').split(',');
  while (client !== undefined && claimed.length > 0 && trustedProxies.has(client)) {
    const next = normalAddress(withoutPort((claimed.pop() ?? '').trim()));
    // "unknown", an obfuscated name, or rubbish: the last sure address counts.
    if (next === undefined) return { client, isSure: false };
    client = next;
  }
  return { client, isSure: true };
}

/** By these a proxy shows: each of the usual ones sets one of them. */
const forwardingHeaders = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
];

/**
 * Whether a request began on this machine. One that was forwarded did so only if every proxy on its way is trusted and
 * the one behind the last of them is this machine: anybody's request comes from loopback once a proxy runs here.
 */
export function isFromThisMachine(
  socketAddress: string | undefined,
  header: (name: string) => string | undefined,
  trustedProxies: AddressRanges,
): boolean {
  const socket = socketPart(socketAddress ?? '');
  if (!forwardingHeaders.some((name) => header(name) !== undefined)) return isLoopback(socket);
  if (socket === undefined || !trustedProxies.has(socket)) return false;
  const { client, isSure } = followed(socketAddress, header('x-forwarded-for'), trustedProxies);
  return isSure && isLoopback(client);
}

/** Each request asks for its socket's, which few texts stand for. */
const socketPart = remember((text) => normalAddress(withoutPort(text)), 1_000);

function isLoopback(address: string | undefined): boolean {
  return address === '127.0.0.1' || address === '::1';
}

/** `203.0.113.7:4711`, `[2001:db8::1]:443` and `[2001:db8::1]`, as proxies write them; a zone (`fe80::1%eth0`) goes. */
function withoutPort(text: string): string {
  const match = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text);
  return (match?.[1] ?? text).replace(/%.*$/, '');
}

/**
 * Against DNS rebinding: throws `HostNotAllowed` unless the Host header names one of `allowed`: host names, IPv6 in
 * brackets, ports ignored.
 */
export function checkHost(hostHeader: string | undefined, allowed: readonly string[]): void {
  const known = admitted.get(allowed) ?? new Set<string>();
  admitted.set(allowed, known);
  if (hostHeader !== undefined && known.has(hostHeader)) return;
  checkUnknownHost(hostHeader, allowed);
  if (hostHeader !== undefined && known.size < rememberedHosts) known.add(hostHeader);
}

/** What was let in before, by the list that let it in: a list is never changed. */
const admitted = new WeakMap<readonly string[], Set<string>>();
const rememberedHosts = 100;

function checkUnknownHost(hostHeader: string | undefined, allowed: readonly string[]): void {
  // The URL parser would also take a host out of `user@host`, `host/path` and the like.
  const wellFormed = hostHeader !== undefined && /^[\w.-]+(:\d*)?$|^\[[\da-f:.]+\](:\d*)?$/i.test(hostHeader);
  const hostnames = allowed.map((entry) => entry.toLowerCase().replace(/:\d+$/, ''));
  if (!wellFormed || !validateHostHeader(hostHeader, hostnames).ok) throw HostNotAllowed();
}

/**
 * Against pages of other sites: throws `OriginNotAllowed` unless there is no Origin header, or `allowed` has its whole
 * origin (`https://app.example.com`) or its host name alone (any scheme and port).
 */
export function checkOrigin(origin: string | undefined, allowed: readonly string[]): void {
  if (origin === undefined || origin === '' || allowed.includes(origin)) return;
  const hostnames = allowed.filter((entry) => !entry.includes('://')).map((entry) => entry.toLowerCase());
  if (!validateOriginHeader(origin, hostnames).ok) throw OriginNotAllowed();
}
