import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type MissingOrg, missingOrgs, namedOrgs } from '../app/orgs.ts';
import type { Settings } from '../config/schema.ts';
import { asFairleadError } from '../kernel/errors.ts';
import { defaultOrg } from '../kernel/principal.ts';
import { createLog } from '../platform/telemetry/log.ts';
import { reasonOf } from './errors.ts';

const waitMs = 3_000; // somebody waits at the terminal

const noSuchTable = '42P01'; // no server has run on it yet

/**
 * Organisations that the settings name and that are not in the database. When it cannot be looked at, the reason. It is
 * not opened unless one is named, and its tables stay as they are.
 */
export async function orgsNotThere(settings: Settings): Promise<{ missing: MissingOrg[] } | { unseen: string }> {
  const { databaseUrl, dataDir, endpoints, upstreams, knowledge, auth } = settings;
  const naming = {
    endpoints,
    upstreams,
    collections: knowledge.collections,
    issuers: auth.issuers,
    providers: auth.sso,
    limits: settings.limits,
    events: settings.events,
    approvals: settings.approvals.rules,
    budgets: settings.budgets,
  };
  const named = [...new Set(namedOrgs(naming).map(({ org }) => org))];
  if (named.length === 0) return { missing: [] };
  const without = (there: ReadonlySet<string>) => ({ missing: missingOrgs(naming, (org) => there.has(org)) });
  if (databaseUrl === undefined && !existsSync(join(dataDir, 'db'))) return without(new Set([defaultOrg]));
  try {
    const [{ openDatabase }, { listOrgs }] = await Promise.all([
      import('../platform/db/index.ts'),
      import('../capabilities/access/index.ts'),
    ]);
    const log = createLog({ level: 'silent', service: 'fairlead' });
    const database = await openDatabase({ databaseUrl, dataDir, log, waitMs });
    const orgs = await listOrgs(database.db).finally(() => database.stop());
    return without(new Set(orgs.map(({ id }) => id)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === noSuchTable) return without(new Set([defaultOrg]));
    const known = asFairleadError(error);
    const reason = known.spec.category === 'internal' ? reasonOf(error) : known.message;
    return { unseen: `not looked at, whether the organisations exist that are named (${named.join(', ')}): ${reason}` };
  }
}
