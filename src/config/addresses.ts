import ipaddr from 'ipaddr.js';
import { isRange } from '../platform/http/addresses.ts';

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

/** Whether a text can be listened on or called: an address or a name, without port, scheme or path. */
export function isHost(text: string): boolean {
  return /^[^\s/?#@\\]+$/.test(text) && URL.canParse(publicUrlFor({ host: text, port: 1 }));
}

/** Whether a text is an origin as browsers send it, or stands for all of them. */
export function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text.toLowerCase());
}

/** Whether a text can stand among those that may be reached: a host name, all names below one, or a network. */
export function isReachable(text: string): boolean {
  return isRange(text) || /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text);
}

/** Whether something that may be a path is a URL. */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** The address under which a listener can be called from this machine. */
export function publicUrlFor({ host, port, tls }: { host: string; port: number; tls?: unknown }): string {
  const name = isWildcardHost(host) ? 'localhost' : host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}
