import ipaddr from 'ipaddr.js';

const wildcards = new Set(['0.0.0.0', '::', '[::]', '*']);

/** Whether only this machine can reach a listener on this host. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost') return true;
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback';
}

/** Whether an address stands for all of the machine's, and so cannot be called. */
export function isWildcardHost(host: string): boolean {
  return wildcards.has(host);
}

export function isAddressOrRange(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}

/** The address under which a listener can be called from this machine. */
export function publicUrlFor({ host, port, tls }: { host: string; port: number; tls?: unknown }): string {
  const name = isWildcardHost(host) ? 'localhost' : host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}
