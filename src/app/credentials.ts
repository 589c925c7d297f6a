import type { Connections, MachineCredentials, Target } from '../capabilities/credentials/index.ts';
import type { CredentialsPort, Declaration } from '../capabilities/upstreams/index.ts';

const visitMs = 30_000;

/** An upstream as its people's connections know it; undefined where they use none of their own. */
export function personalTarget({ org, name, source, settings }: Declaration): Target | undefined {
  if ('command' in settings || settings.auth?.grant !== 'authorization_code') return undefined;
  const url = 'url' in settings ? settings.url : settings.baseUrl;
  if (url === undefined) return undefined;
  const {
    issuer,
    clientId,
    clientSecret,
    tokenEndpointAuthMethod,
    privateKey,
    algorithm,
    keyId,
    scopes,
    resource,
    listAs,
  } = settings.auth;
  return {
    org,
    upstream: name,
    url,
    guarded: source === 'runtime',
    auth: {
      issuer,
      clientId,
      clientSecret,
      clientAuthentication: tokenEndpointAuthMethod,
      key: privateKey === undefined ? undefined : { privateKey, algorithm, keyId },
      scopes,
      resource,
      listAs,
    },
  };
}

/** Where upstreams get their credentials from: what people connected, and grants that need nobody's browser. */
export function createCredentialsPort(connections: Connections, machine: MachineCredentials): CredentialsPort {
  return {
    authorizerFor(declaration, who) {
      const target = personalTarget(declaration);
      return target ? connections.authorizerFor(target, who) : machine.authorizerFor(declaration, who);
    },
    isPersonal: (declaration) => personalTarget(declaration) !== undefined || machine.isPersonal(declaration),
    async settled(declaration, who, signal) {
      const target = personalTarget(declaration);
      if (target) await connections.wait(target, who, signal, visitMs);
    },
  };
}
