import { z } from 'zod';
import { roleNames } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { NotFound } from '../../../kernel/errors.ts';
import { newId } from '../../../kernel/ids.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { AuthServer } from '../port.ts';
import type { Roster } from './roster.ts';
import { deleteService, insertService, type Service } from './store.ts';

/** A machine that signs in by itself; for surfaces to build their own schemas on. */
export const serviceInput = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^\P{Cc}*$/u, 'must have no control characters')
    .describe('What people call it'),
  roles: z.array(z.enum(roleNames)).min(1).max(roleNames.length).describe('What it may do'),
});
export type ServiceInput = z.infer<typeof serviceInput>;

/** Accounts of machines, which get tokens by client credentials. Whoever calls has required `users:write`. */
export interface Services {
  list(org: OrgId): readonly Service[];
  /** The secret is in this answer and nowhere else. */
  create(
    org: OrgId,
    input: ServiceInput & { scopes: readonly string[] },
    createdBy: string,
  ): Promise<{ service: Service; secret: string }>;
  /** Throws NotFound. */
  remove(org: OrgId, clientId: string): Promise<void>;
}

export interface ServicesDeps {
  /** A service account is no more. */
  gone?: ((org: OrgId, clientId: string) => Promise<void>) | undefined;
  db: Db;
  clock: Clock;
  roster: Roster;
  server(): Promise<AuthServer>;
  newSecret(): string;
}

export function createServices({ db, clock, roster, server, newSecret, gone }: ServicesDeps): Services {
  const changed = async () => {
    roster.tell();
    await roster.refresh();
  };
  return {
    list: roster.services,
    async create(org, { name, roles, scopes }, createdBy) {
      const now = clock.now();
      const secret = newSecret();
      const clientId = newId('svc', now);
      const service = { clientId, name, roles: [...new Set(roles)], createdBy, createdAt: now };
      await (await server()).keepServiceClient({ clientId, name, secret, scopes });
      await db.transaction().execute((tx) => insertService(tx, org, service));
      await changed();
      return { service: { ...service, org }, secret };
    },
    async remove(org, clientId) {
      if (!(await db.transaction().execute((tx) => deleteService(tx, org, clientId))))
        throw NotFound({ what: 'service account', id: clientId });
      await changed();
      await gone?.(org, clientId);
    },
  };
}
