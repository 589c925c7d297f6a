import { accessSync, constants } from 'node:fs';
import { isAddressOrRange, isLoopbackHost } from './addresses.ts';
import { didYouMean, type Fault } from './faults.ts';
import { codeOf } from './references.ts';
import type { IssuerSettings, Settings } from './schema.ts';

/** What no single value shows: faults and warnings from how the settings stand together. */
export function crossCheck(settings: Settings): { faults: Fault[]; warnings: string[] } {
  const faults: Fault[] = [];
  const warnings: string[] = [];
  const loopback = isLoopbackHost(settings.host);

  for (const [name, endpoint] of Object.entries(settings.endpoints)) {
    const path = ['endpoints', name];
    if (endpoint.anonymous && !loopback && !settings.allowAnonymous) {
      faults.push({
        path: [...path, 'anonymous'],
        text: 'lets anybody in who can reach this address; listen on loopback, or start with --allow-anonymous',
      });
    }
    for (const toolset of endpoint.toolsets ?? []) {
      if (Object.hasOwn(settings.upstreams, toolset)) continue;
      const hint = didYouMean(toolset, Object.keys(settings.upstreams));
      warnings.push(`endpoints.${name} names the toolset ${toolset}, which the file does not declare${hint}`);
    }
  }

  const seen = new Set<string>();
  for (const [index, issuer] of settings.auth.issuers.entries()) {
    const path = ['auth', 'issuers', index];
    faults.push(...checkIssuer(issuer, settings.development, path));
    if (seen.has(issuer.issuer)) faults.push({ path: [...path, 'issuer'], text: 'stands there twice' });
    seen.add(issuer.issuer);
  }

  for (const [index, proxy] of settings.trustedProxies.entries()) {
    if (!isAddressOrRange(proxy)) {
      faults.push({ path: ['server', 'trustedProxies', index], text: 'must be an IP address or a CIDR range' });
    }
  }
  for (const [index, origin] of settings.allowedOrigins.entries()) {
    if (!isOrigin(origin)) {
      faults.push({
        path: ['server', 'allowedOrigins', index],
        text: 'must be an origin such as https://app.example.com, without a path',
      });
    }
  }

  if (settings.tls) {
    const { cert, key, clientCa, requireClientCert } = settings.tls;
    for (const [name, file] of Object.entries({ cert, key, clientCa })) {
      const reason = file && unreadable(file);
      if (reason) faults.push({ path: ['server', 'tls', name], text: `the file cannot be read (${reason})` });
    }
    if (requireClientCert && !clientCa) {
      faults.push({ path: ['server', 'tls', 'clientCa'], text: 'is missing: requireClientCert needs it' });
    }
    if (settings.publicUrl.startsWith('http:')) {
      warnings.push('server.publicUrl says http although the server speaks TLS');
    }
  }
  const folder = settings.policies.folder;
  const reason = folder && unreadable(folder);
  if (reason) faults.push({ path: ['policies', 'folder'], text: `cannot be read (${reason})` });

  if (!loopback) {
    if (!settings.publicUrlGiven) {
      warnings.push('FAIRLEAD_PUBLIC_URL is not set: clients elsewhere are told an address that they may not reach');
    } else if (settings.publicUrl.startsWith('http:')) {
      warnings.push('clients send their keys unencrypted: set server.tls, or put a proxy with TLS in front');
    }
  }
  return { faults, warnings };
}

function checkIssuer(issuer: IssuerSettings, development: boolean, path: (string | number)[]): Fault[] {
  const faults: Fault[] = [];
  const shared = issuer.algorithms.some((name) => name.startsWith('HS'));
  if (issuer.sharedSecret !== undefined && !development) {
    faults.push({ path: [...path, 'sharedSecret'], text: 'is for development: it needs development: true' });
  }
  if (shared && issuer.sharedSecret === undefined) {
    faults.push({ path: [...path, 'algorithms'], text: 'names a shared-secret algorithm without a sharedSecret' });
  }
  if (issuer.algorithms.some((name) => name.toLowerCase() === 'none')) {
    faults.push({ path: [...path, 'algorithms'], text: 'must not name none: such tokens are signed by nobody' });
  }
  if (issuer.sharedSecret === undefined) {
    const field = issuer.jwksUri === undefined ? 'issuer' : 'jwksUri';
    const address = issuer.jwksUri ?? issuer.issuer;
    if (!URL.canParse(address)) {
      faults.push({ path: [...path, field], text: 'must be a URL, since its keys are found by it' });
    } else if (!development && !isProtected(new URL(address))) {
      faults.push({ path: [...path, field], text: 'must be https: whoever changes the keys on the way is let in' });
    }
  }
  return faults;
}

function isProtected(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text.toLowerCase());
}

function unreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}
