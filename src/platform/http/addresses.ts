import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { InvalidRequest } from '../../kernel/errors.ts';
import { remember } from '../../kernel/remember.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A set of networks, parsed once. */
export interface AddressRanges {
  has(address: string): boolean;
}

/** From addresses and CIDRs, of both families. Throws `InvalidRequest` that names the entries that are neither. */
export function addressRanges(entries: readonly string[]): AddressRanges {
  const faults = entries.filter((entry) => !isRange(entry)).map((entry) => `"${entry}" is no address or CIDR`);
  if (faults.length > 0) throw InvalidRequest({ faults });
  const ranges = entries.map(parseRange);
  return {
    has(address) {
      const parsed = parseAddress(address);
      return (
        parsed !== undefined &&
        ranges.some(([network, bits]) => sameFamily(parsed, network) && parsed.match(network, bits))
      );
    },
  };
}

export function isRange(entry: string): boolean {
  return isIP(entry) !== 0 || ipaddr.isValidCIDR(entry);
}

function parseRange(entry: string): [Address, number] {
  if (entry.includes('/')) return ipaddr.parseCIDR(entry);
  const address = ipaddr.process(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function sameFamily(a: Address, b: Address): boolean {
  return a.kind() === b.kind();
}

/** Strict: dotted decimal and IPv6 only, IPv4-mapped IPv6 as the IPv4 that it is. */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  // ipaddr.js takes every `::` with a dotted tail for a mapped one, `::127.0.0.1` too; the URL parser does not.
  const dotted = family === 6 && text.includes('.');
  return ipaddr.process(dotted ? new URL(`http://[${text.replace(/%.*$/, '')}]`).hostname.slice(1, -1) : text);
}

/** The text by which addresses compare. */
export const normalAddress = remember((text) => parseAddress(text)?.toString(), 1_000); // each request asks for its socket's

/** How far an address lies from the public internet. */
export type Reach =
  | 'public'
  /** Own networks: reachable once the host's name or the network is allowed. */
  | 'inside'
  /** Metadata services, link-local, multicast, tunnels into IPv4...: only by an allowed address or network, never by name. */
  | 'special';

const insideRanges = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal']);
/** Cloud metadata and host services that stand outside the link-local range. */
const metadata = new Set(['168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254']);
const globalUnicast6 = ipaddr.parseCIDR('2000::/3');

/** `kind` is the reason in words of a network engineer. */
export function reachOf(text: string): { reach: Reach; kind: string } {
  const address = parseAddress(text);
  if (!address) return { reach: 'special', kind: 'no address' };
  if (metadata.has(address.toString())) return { reach: 'special', kind: 'cloud metadata' };
  const kind = address.range();
  if (insideRanges.has(kind)) return { reach: 'inside', kind };
  const isPublic = kind === 'unicast' && (address.kind() === 'ipv4' || address.match(globalUnicast6));
  return isPublic ? { reach: 'public', kind } : { reach: 'special', kind: kind === 'unicast' ? 'reserved' : kind };
}
