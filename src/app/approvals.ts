import { type Access, may, mayActIn, systemPrincipal } from '../capabilities/access/index.ts';
import {
  type Asker,
  approvalsPath,
  createApprovals,
  createApprovalTools,
  createRunner,
  voidApprovalsOf,
} from '../capabilities/approvals/index.ts';
import type { Acts } from '../capabilities/audit/index.ts';
import type { PersonRevoker, Signin } from '../capabilities/signin/index.ts';
import type { ApprovalsSettings } from '../config/schema.ts';
import type { ToolCaller } from '../kernel/call.ts';
import type { Clock } from '../kernel/clock.ts';
import { NotFound } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Bus } from '../platform/bus/index.ts';
import type { Db } from '../platform/db/index.ts';
import type { Keyring } from '../platform/keyring/index.ts';
import type { Log } from '../platform/telemetry/index.ts';
import type { FindPrincipal } from './principals.ts';

interface Deps {
  db: Db;
  bus: Bus;
  keyring: Keyring;
  clock: Clock;
  log: Log;
  acts: Acts;
  access: Pick<Access, 'keys'>;
  signin: Signin | undefined;
  findPrincipal: FindPrincipal;
  caller: ToolCaller;
  publicUrl: string;
  settings: ApprovalsSettings;
}

const minuteMs = 60_000;

/** Calls that wait for consent, and who makes them then. */
export function composeApprovals(deps: Deps) {
  const { db, bus, keyring, clock, log, acts, caller, signin, publicUrl } = deps;
  let { settings } = deps;
  const approvals = createApprovals({
    db,
    bus,
    keyring,
    clock,
    expiryMs: () => settings.expiryMinutes * minuteMs,
    mayDecide: (by, org) => may(by, 'approvals:decide') && mayActIn(by, org),
    linkTo: (id) => (signin ? new URL(`${approvalsPath}/${id}`, publicUrl).href : undefined),
  });
  const runner = createRunner({
    db,
    clock,
    log,
    approvals,
    caller,
    principalNow: createAskers(deps),
    note: (org, what, approval, detail) =>
      acts
        .perform(
          { org, principal: systemPrincipal(org), action: `approvals.${what}`, subject: approval, detail },
          (intend) => intend(),
        )
        .catch((error: unknown) =>
          log.error({ err: error, approval, what }, 'the end of an approval is not on record'),
        ),
  });
  return {
    ...approvals,
    tools: createApprovalTools({ db, approvals }),
    consent: { ask: approvals.ask, claim: approvals.claim, leave: runner.leave },
    redeclare(next: ApprovalsSettings) {
      settings = next;
    },
    start: runner.start,
    quiesce: runner.quiesce,
    stop: runner.stop,
  };
}

/** Who asked, as it is now: with today's roles, and not at all where its credential does not count any more. */
export function createAskers({
  access,
  signin,
  clock,
  findPrincipal,
}: Pick<Deps, 'access' | 'signin' | 'clock' | 'findPrincipal'>) {
  const counts = async ({ org, id, credential }: Asker): Promise<boolean> => {
    if (id.startsWith('key:')) {
      const { revokedAt, expiresAt } = await access.keys.get(org, credential.id);
      return revokedAt === undefined && (expiresAt === undefined || expiresAt > clock.now());
    }
    if (!id.startsWith('service:')) return true;
    const service = (await signin?.services.list(org))?.find(({ clientId }) => `service:${clientId}` === id);
    return service !== undefined && !service.disabled;
  };
  return async (asker: Asker): Promise<Principal | undefined> => {
    try {
      if (!(await counts(asker))) return undefined;
      // Whom an outside issuer's token names is known only while it is presented: such a caller stays what it was.
      const now = asker.id.startsWith('jwt:') ? asker : await findPrincipal(asker.org, asker.id);
      if (!now) return undefined;
      const { kind, actsFor, credential } = asker;
      const scopes = asker.id.startsWith('key:') ? now.scopes : asker.scopes;
      const principal = { ...now, kind, credential, scopes, ...(actsFor === undefined ? {} : { actsFor }) };
      return may(principal, 'tools:call') ? principal : undefined;
    } catch (error) {
      if (NotFound.is(error)) return undefined;
      throw error;
    }
  };
}

/** What a person, or a key of theirs, has asked for ends with everything else of theirs. */
export const personApprovals: PersonRevoker = {
  what: 'approvals',
  onPersonRevoked: (tx, org, userId, atMs) => voidApprovalsOf(tx, org, `user:${userId}`, atMs),
};
