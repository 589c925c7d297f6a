import { systemPrincipal } from '../capabilities/access/index.ts';
import type { Acts } from '../capabilities/audit/index.ts';
import {
  type Connections,
  type ConnectionsDeps,
  countConnections,
  createConnections,
  type MachineCredentials,
  type Target,
} from '../capabilities/credentials/index.ts';
import type { PersonRevoker } from '../capabilities/signin/index.ts';
import type { CredentialsPort, Declaration } from '../capabilities/upstreams/index.ts';
import type { OrgId } from '../kernel/principal.ts';
import type { Metrics } from '../platform/telemetry/index.ts';

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

interface ConnectionParts extends Omit<ConnectionsDeps, 'targetOf' | 'ended' | 'refreshed'> {
  acts: Acts;
  metrics: Metrics;
  declarationOf(org: OrgId, upstream: string): Declaration | undefined;
}

/** What people connect, with its end on record and in the metrics. */
export function composeConnections({ acts, metrics, declarationOf, ...deps }: ConnectionParts): Connections {
  const { log } = deps;
  const failed = metrics.counter('fairlead_connection_failures_total', 'Renewals of tokens of people that failed');
  return createConnections({
    ...deps,
    targetOf(org, upstream) {
      const declaration = declarationOf(org, upstream);
      return declaration && personalTarget(declaration);
    },
    refreshed: (outcome) => void (outcome === 'failed' && failed()),
    ended({ org, upstream, subject, who }, reason) {
      const principal = { ...systemPrincipal(), org };
      const detail = { connection: subject, who, reason };
      acts
        .perform({ org, principal, action: 'connections.end', subject: upstream, detail }, (intend) => intend())
        .catch((error: unknown) =>
          log.error({ err: error, org, upstream }, 'the end of a connection is not on record'),
        );
    },
  });
}

/** What a person connected ends with everything else of theirs. */
export function personConnections(connections: () => Connections): PersonRevoker {
  return {
    what: 'connections',
    onPersonRevoked: (tx, org, userId) => countConnections(tx, org, `user:${userId}`),
    // Their tokens are ended at their providers, too, for which no transaction may wait.
    afterwards: (org, userId) => connections().removeOf(org, `user:${userId}`),
  };
}
