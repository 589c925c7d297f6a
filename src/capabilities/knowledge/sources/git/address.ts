import { resolve } from 'node:path';
import type { GitSourceSettings } from '../../../../config/knowledge-schema.ts';
import { SourceMisconfigured } from '../errors.ts';

/** Where a repository is, taken apart, so that none of it can be read as an option or as a helper to run. */
export type GitAddress =
  | { protocol: 'file'; path: string; shown: string }
  | { protocol: 'https' | 'http' | 'ssh'; url: URL; shown: string };

export interface AddressOptions {
  settings: Pick<GitSourceSettings, 'git' | 'protocols'>;
  baseDir: string;
  trusted: boolean;
}

/** Throws `SourceMisconfigured`. */
export function parseAddress({ settings, baseDir, trusted }: AddressOptions): GitAddress {
  const text = settings.git;
  const refuse = (reason: string, remedy = 'Give it as https://…, ssh://…, user@host:path, or as a path.') =>
    SourceMisconfigured({ source: 'git', reason, remedy });
  if (text.startsWith('-')) throw refuse('its address begins with a dash');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(text)) throw refuse('its address holds control characters');
  if (/^[a-z0-9+.-]+::/i.test(text)) throw refuse('its address names a helper program');
  const address = addressOf(text, baseDir, refuse);
  if (!settings.protocols.includes(address.protocol))
    throw refuse(`${address.protocol} is not among its protocols`, 'Add it to `protocols` of this source.');
  if (address.protocol === 'file' && !trusted)
    throw refuse("only the settings file may name a path of the server's machine");
  return address;
}

type Refuse = (reason: string, remedy?: string) => Error;

function addressOf(text: string, baseDir: string, refuse: Refuse): GitAddress {
  const short = /^(?:([\w.-]+)@)?([\w][\w.-]+|\[[\da-f:.]+\]):(?!\/\/)(.+)$/i.exec(text);
  const isDrive = /^[a-z]:[\\/]/i.test(text);
  const written = short && !isDrive ? sshUrlOf(short) : text;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) return local(text, baseDir, text);
  if (!URL.canParse(written)) throw refuse('its address is not a URL');
  const url = new URL(written);
  switch (url.protocol) {
    case 'file:':
      if (url.host !== '') throw refuse('a file URL may not name a host');
      return local(decodePath(url, refuse), baseDir, text);
    case 'https:':
    case 'http:':
      if (url.username || url.password) throw refuse('its address holds credentials', 'Give them as user and token.');
      return { protocol: url.protocol === 'https:' ? 'https' : 'http', url, shown: `${url.host}${url.pathname}` };
    case 'ssh:':
      if (url.password) throw refuse('its address holds a password', 'Use a key of the user that the server runs as.');
      if (!isHost(url.hostname) || !/^[\w.-]*$/.test(url.username) || url.username.startsWith('-'))
        throw refuse('its address has no host and user that ssh can take');
      if (decodePath(url, refuse).startsWith('/-')) throw refuse('its path begins with a dash');
      return { protocol: 'ssh', url, shown: `${url.host}${url.pathname}` };
    default:
      throw refuse(`it cannot be fetched by ${url.protocol.slice(0, -1)}`);
  }
}

function isHost(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]*$/i.test(name) || /^\[[\da-f:.]+\]$/i.test(name);
}

/** `user@host:path`, the path of which begins in the home folder unless it begins with a slash. */
function sshUrlOf([, user = '', host = '', path = '']: RegExpExecArray): string {
  const from = path.startsWith('/') || path.startsWith('~') ? path.replace(/^\//, '') : `~/${path}`;
  return `ssh://${user ? `${user}@` : ''}${host}/${encodeURI(from).replaceAll('?', '%3F').replaceAll('#', '%23')}`;
}

function local(path: string, baseDir: string, shown: string): GitAddress {
  return { protocol: 'file', path: resolve(baseDir, path), shown };
}

function decodePath(url: URL, refuse: Refuse): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    throw refuse('its path is not encoded as a URL should be');
  }
}

/** Where a person sees a file of it, for the hosts whose way of naming it is known. */
export function pageOf(address: GitAddress, commit: string, path: string): string | undefined {
  if (address.protocol === 'file') return undefined;
  const host = address.url.hostname;
  const between = host === 'github.com' ? '/blob/' : /^gitlab\./.test(host) ? '/-/blob/' : undefined;
  if (between === undefined) return undefined;
  const repository = address.url.pathname.replace(/^\/~\//, '/').replace(/\.git$|\/$/, '');
  return `https://${host}${repository}${between}${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}
