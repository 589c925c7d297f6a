import { describe, expect, it } from 'vitest';
import { addressRanges, reachOf } from './addresses.ts';

describe('the reach of an address', () => {
  it.each([
    ['93.184.216.34', 'public'],
    ['1.1.1.1', 'public'],
    ['172.32.0.1', 'public'],
    ['2606:4700:4700::1111', 'public'],
    ['::ffff:93.184.216.34', 'public'],
    ['127.0.0.1', 'inside'],
    ['127.255.255.254', 'inside'],
    ['10.0.0.1', 'inside'],
    ['172.16.0.1', 'inside'],
    ['172.31.255.255', 'inside'],
    ['192.168.1.1', 'inside'],
    ['100.64.0.1', 'inside'],
    ['::1', 'inside'],
    ['fd12:3456::1', 'inside'],
    ['fc00::1', 'inside'],
    ['::ffff:127.0.0.1', 'inside'],
    ['::ffff:a00:1', 'inside'],
    ['0.0.0.0', 'special'],
    ['0.1.2.3', 'special'],
    ['::', 'special'],
    ['169.254.169.254', 'special'],
    ['::ffff:169.254.169.254', 'special'],
    ['168.63.129.16', 'special'],
    ['100.100.100.200', 'special'],
    ['192.0.0.192', 'special'],
    ['fd00:ec2::254', 'special'],
    ['fe80::1', 'special'],
    ['fec0::1', 'special'],
    ['224.0.0.1', 'special'],
    ['ff02::1', 'special'],
    ['255.255.255.255', 'special'],
    ['240.0.0.1', 'special'],
    ['198.18.0.1', 'special'],
    ['192.0.2.1', 'special'],
    ['203.0.113.1', 'special'],
    ['::127.0.0.1', 'special'],
    ['::ffff:0:127.0.0.1', 'special'],
    ['64:ff9b::7f00:1', 'special'],
    ['64:ff9b:1::7f00:1', 'special'],
    ['2002:7f00:1::', 'special'],
    ['2001:0:4136:e378::1', 'special'],
    ['2001:db8::1', 'special'],
    ['100::1', 'special'],
    ['4000::1', 'special'],
    ['not an address', 'special'],
    ['127.1', 'special'],
  ])('%s is %s [SP-9]', (address, reach) => {
    expect(reachOf(address).reach).toBe(reach);
  });
});

describe('address ranges', () => {
  it('hold addresses and networks of both families, IPv4 also in its IPv6 dress', () => {
    const ranges = addressRanges(['10.0.0.0/8', '192.168.1.7', 'fd00::/8', '::1']);
    for (const inside of ['10.255.0.1', '::ffff:10.0.0.1', '192.168.1.7', 'fd12::1', '0:0:0:0:0:0:0:1']) {
      expect(ranges.has(inside), inside).toBe(true);
    }
    for (const outside of ['11.0.0.1', '192.168.1.8', 'fe80::1', '::2', 'nonsense', '']) {
      expect(ranges.has(outside), outside).toBe(false);
    }
  });

  it('name every entry that is no range', () => {
    expect(() => addressRanges(['10.0.0.0/8', '10.0.0.0/40', 'proxy'])).toThrow(
      '"10.0.0.0/40" is no address or CIDR; "proxy"',
    );
  });
});
