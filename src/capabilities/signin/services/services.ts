import { z } from 'zod';
import { roleNames } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { Conflict, InvalidRequest, NotFound } from '../../../kernel/errors.ts';
import { newId } from '../../../kernel/ids.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Roster } from '../members/roster.ts';
import type { AuthServer } from '../port.ts';
import { serviceUses } from '../sessions/store.ts';
import type { TokenUses } from '../sessions/uses.ts';
import {
  changeService,
  deleteService,
  insertService,
  type LoadedService,
  replaceSecret,
  type Service,
} from './store.ts';

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must have no control characters')
  .describe('What people call it');
const roles = z.array(z.enum(roleNames)).min(1).max(roleNames.length).describe('What it may do');
const jwks = z
  .strictObject({
    keys: z
      .array(z.looseObject({ kty: z.string() }))
      .min(1)
      .max(10),
  })
  .describe('Public keys (RFC 7517), one of which signs what it sends instead of a secret: private_key_jwt');

/** A machine that signs in by itself; for surfaces to build their own schemas on. */
export const serviceInput = z.strictObject({
  name,
  roles,
  jwks: jwks.optional(),
});
export type ServiceInput = z.infer<typeof serviceInput>;

/** What may be changed of it. */
export const serviceChange = z
  .strictObject({
    name,
    roles,
    jwks,
    disabled: z.boolean().describe('Whether it is let in no more, until it is again'),
  })
  .partial();
export type ServiceChange = z.infer<typeof serviceChange>;

/** Accounts of machines, which get tokens by client credentials. Whoever calls has required `users:write`. */
export interface Services {
  list(org: OrgId): Promise<Service[]>;
  /** Throws NotFound, as all that follow do. */
  get(org: OrgId, clientId: string): Promise<Service>;
  /** The secret is in this answer and nowhere else; there is none where it proves itself by a key. Throws InvalidRequest. */
  create(
    org: OrgId,
    input: ServiceInput & { scopes: readonly string[] },
    createdBy: string,
  ): Promise<{ service: Service; secret?: string }>;
  /** Counts at once, for tokens given out before, too. Throws InvalidRequest; Conflict for keys of one with a secret. */
  change(org: OrgId, clientId: string, change: ServiceChange & { scopes?: readonly string[] }): Promise<Service>;
  /** A new secret at once; the old one counts for `overlapMs` more. Throws Conflict for one without a secret. */
  rotate(org: OrgId, clientId: string, overlapMs: number): Promise<{ service: Service; secret: string }>;
  remove(org: OrgId, clientId: string): Promise<void>;
}

export interface ServicesDeps {
  db: Db;
  clock: Clock;
  roster: Roster;
  uses: TokenUses;
  server(): Promise<AuthServer>;
  newSecret(): string;
  hashToken(token: string): string;
  /** A service account is no more. */
  gone?(org: OrgId, clientId: string): Promise<void>;
}

export function createServices(deps: ServicesDeps): Services {
  const { db, clock, roster, uses, server, newSecret } = deps;
  const changed = async () => {
    roster.tell();
    await roster.refresh();
  };
  const shown = ({ hash: _, previousHash: __, previous, ...service }: LoadedService, usedAt = 0): Service => {
    const lastUsedAt = Math.max(usedAt, uses.pending(service.org, service.clientId, service.clientId) ?? 0);
    return {
      ...service,
      ...(lastUsedAt > 0 ? { lastUsedAt } : {}),
      ...(previous && previous.until > clock.now() ? { previous } : {}),
    };
  };
  async function list(org: OrgId): Promise<Service[]> {
    const used = await serviceUses(db, org);
    return roster.services(org).map((service) => shown(service, used.get(service.clientId)));
  }
  async function get(org: OrgId, clientId: string): Promise<Service> {
    const found = (await list(org)).find((service) => service.clientId === clientId);
    if (!found) throw NotFound({ what: 'service account', id: clientId });
    return found;
  }

  return {
    list,
    get,
    async create(org, { name, roles, scopes, jwks }, createdBy) {
      const now = clock.now();
      const secret = jwks ? undefined : newSecret();
      const clientId = newId('svc', now);
      const proof = jwks ? { jwks: publicOnly(jwks) } : { secret: secret ?? '' };
      await (await server()).keepServiceClient({ clientId, name, scopes, ...proof });
      await db
        .transaction()
        .execute((tx) =>
          insertService(tx, org, { clientId, name, roles: [...new Set(roles)], createdBy, createdAt: now }),
        );
      await changed();
      return { service: await get(org, clientId), ...(secret === undefined ? {} : { secret }) };
    },
    async change(org, clientId, { jwks, name, roles, disabled, scopes }) {
      const known = await get(org, clientId);
      if (jwks && known.proof === 'secret')
        throw Conflict({
          reason: 'This service account proves itself by a secret.',
          remedy: 'Make another one with keys, and remove this one when nothing uses it any more.',
        });
      if (jwks) {
        const client = { clientId, name: name ?? known.name, scopes: scopes ?? known.scopes, jwks: publicOnly(jwks) };
        await (await server()).keepServiceClient(client);
      }
      await db.transaction().execute((tx) =>
        changeService(tx, org, clientId, {
          ...(name === undefined ? {} : { name }),
          ...(roles === undefined ? {} : { roles: [...new Set(roles)] }),
          ...(disabled === undefined ? {} : { disabled }),
          ...(scopes === undefined ? {} : { scopes: [...scopes] }),
        }),
      );
      await changed();
      return get(org, clientId);
    },
    async rotate(org, clientId, overlapMs) {
      const known = await get(org, clientId);
      if (known.proof === 'key')
        throw Conflict({
          reason: 'This service account has no secret: it proves itself by a key.',
          remedy: 'Give it the new public key beside the old one, and take the old one out later.',
        });
      const now = clock.now();
      const secret = newSecret();
      const hash = deps.hashToken(secret);
      const previousUntil = overlapMs > 0 ? now + overlapMs : undefined;
      await db.transaction().execute((tx) => replaceSecret(tx, org, clientId, { hash, previousUntil, atMs: now }));
      await changed();
      return { service: await get(org, clientId), secret };
    },
    async remove(org, clientId) {
      if (!(await db.transaction().execute((tx) => deleteService(tx, org, clientId))))
        throw NotFound({ what: 'service account', id: clientId });
      await changed();
      await deps.gone?.(org, clientId);
    },
  };
}

const privateParts = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Throws InvalidRequest for a key that must not leave its machine: who sent it has to make another one. */
function publicOnly(set: z.infer<typeof jwks>): z.infer<typeof jwks> {
  if (set.keys.some((key) => privateParts.some((part) => part in key)))
    throw InvalidRequest({ faults: 'jwks.keys: holds a private or secret key. It has been sent now: make a new pair' });
  return set;
}
