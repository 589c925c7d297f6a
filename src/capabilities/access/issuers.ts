import type { IssuerSettings } from '../../config/schema.ts';
import { IssuerRefused } from './errors.ts';

/** Signatures by a key pair. A shared secret is another matter, and `none` is no signature at all. */
const asymmetric = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'ML-DSA-44',
  'ML-DSA-65',
  'ML-DSA-87',
]);

/**
 * Refuses issuers that cannot be used safely, all faults at once and no value of a secret among them.
 *
 * A shared secret is for development only: whoever can check such a token can also make one. For such an issuer
 * `algorithms` counts for nothing: HS256 is the only one.
 *
 * @throws IssuerRefused
 */
export function checkIssuers(issuers: readonly IssuerSettings[], development: boolean): void {
  const faults: string[] = [];
  issuers.forEach((settings, index) => {
    const fault = (text: string) => faults.push(`issuer ${index + 1} (${settings.issuer}): ${text}`);
    if (issuers.findIndex((other) => other.issuer === settings.issuer) < index) fault('is named twice');
    if (settings.sharedSecret !== undefined) {
      if (!development) fault('a shared secret is accepted only with development: true');
      if (settings.jwksUri !== undefined) fault('has both a shared secret and a jwksUri; only one can count');
      return;
    }
    const refused = settings.algorithms.filter((algorithm) => !asymmetric.has(algorithm));
    if (refused.length > 0)
      fault(`algorithms not accepted: ${refused.join(', ')}; known are ${[...asymmetric].join(', ')}`);
    if (settings.algorithms.length === 0) fault('no algorithm is accepted');
    if (settings.jwksUri === undefined && metadataUrls(settings.issuer).length === 0)
      fault('needs a jwksUri, since its name is no http(s) URL by which its keys could be found');
  });
  if (faults.length > 0) throw IssuerRefused({ faults });
}

/**
 * Where an issuer's metadata may be, in the order of the MCP authorization specification: RFC 8414 and OpenID
 * Connect Discovery, with the path of the issuer put behind the well-known part and, for OpenID, before it.
 */
export function metadataUrls(issuer: string): string[] {
  if (!URL.canParse(issuer)) return [];
  const { protocol, origin, pathname } = new URL(issuer);
  if (protocol !== 'https:' && protocol !== 'http:') return [];
  const path = pathname.replace(/\/+$/, '');
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
  ];
  return path === '' ? urls : [...urls, `${origin}${path}/.well-known/openid-configuration`];
}
