import { createAccess, expiryWarningMs, type Purger, revokeKeysOf, scopeNames } from '../capabilities/access/index.ts';
import type { Connections } from '../capabilities/credentials/index.ts';
import { createSignin, purgeMembers } from '../capabilities/signin/index.ts';
import { isBuiltIn } from '../config/index.ts';
import type { Settings } from '../config/schema.ts';
import type { Clock } from '../kernel/clock.ts';
import type { OrgId } from '../kernel/principal.ts';
import type { Bus } from '../platform/bus/index.ts';
import type { Db } from '../platform/db/types.ts';
import type { Egress } from '../platform/http/index.ts';
import type { Keyring } from '../platform/keyring/index.ts';
import type { Log, Metrics } from '../platform/telemetry/index.ts';
import { personApprovals } from './approvals.ts';
import { personConnections } from './credentials.ts';

interface Deps {
  settings: Settings;
  db: Db;
  bus: Bus;
  keyring: Keyring;
  egress: Egress;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** What tokens are for. */
  resource: string;
  /** Accounts at upstreams: they end with whom they belong to. */
  connectionsOf(): Connections;
  /** What an organisation leaves behind in other rooms. */
  purgers: readonly Purger[];
  purged(org: OrgId): Promise<void>;
}

/** Who may come in: people who sign in here, keys, machines and tokens of issuers. */
export function composePeople(deps: Deps) {
  const { settings, db, bus, keyring, egress, clock, log, metrics, resource, connectionsOf, purgers, purged } = deps;
  const signin = isBuiltIn(settings)
    ? createSignin({
        db,
        bus,
        keyring,
        clock,
        log,
        egress,
        publicUrl: new URL(settings.publicUrl).origin,
        resource,
        scopes: scopeNames,
        development: settings.development,
        gone: (org, subject) => connectionsOf().removeOf(org, subject),
        revokers: [
          {
            what: 'keys',
            onPersonRevoked: async (tx, org, userId, atMs) => (await revokeKeysOf(tx, org, userId, atMs)).length,
            afterwards: () => access.changed(),
          },
          personConnections(connectionsOf),
          personApprovals,
        ],
        providers: settings.auth.sso,
      })
    : undefined;
  const glass = {
    used: metrics.counter('fairlead_break_glass_uses_total', 'Sealed break-glass credentials that were used'),
    refused: metrics.counter(
      'fairlead_break_glass_refused_total',
      'Requests with a break-glass credential that does not count',
    ),
  };
  const access = createAccess({
    db,
    keyring,
    clock,
    bus,
    log,
    issuers: settings.auth.issuers,
    resource,
    development: settings.development,
    fetch: (url, init) => egress.fetch(url, { ...init, guarded: false }), // issuers stand in the operator's file
    ...(signin ? { builtIn: signin.issuer, owners: { wake: signin.roster.wake, member: signin.sso.keyOwner } } : {}),
    breakGlass: (what) => glass[what](),
    purgers: [purgeMembers, ...purgers],
    purged,
    gone: (org, subject) => connectionsOf().removeOf(org, subject),
  });
  let issuers = settings.auth.issuers;
  let providers = settings.auth.sso;
  const setAuth = ({ auth, development }: Pick<Settings, 'auth' | 'development'>) => {
    access.setIssuers(auth.issuers, development);
    signin?.sso.declare(auth.sso);
    [issuers, providers] = [auth.issuers, auth.sso];
  };
  metrics.gauge(
    'fairlead_break_glass_active',
    'Break-glass accesses that are open now',
    () => access.breakGlass.count().active,
  );
  metrics.gauge(
    'fairlead_break_glass_sealed',
    'Break-glass credentials that wait',
    () => access.breakGlass.count().sealed,
  );
  metrics.gauge(
    'fairlead_keys_expiring',
    'API keys in use, or never used yet, that end within two weeks',
    () => access.keys.expiring(expiryWarningMs).length,
  );
  return { signin, access, setAuth, declared: () => ({ issuers, providers }) };
}
