import { z } from 'zod';
import type { Clock } from '../../kernel/clock.ts';
import { Conflict, InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { defaultOrg, type OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import { bumpRevision, deleteOrg, getOrg, insertOrg, lockOrg, type Org } from './store.ts';

/**
 * Removes what one capability holds for an organisation. It must use the handle that it is given, which is a
 * transaction: on the embedded database any other would wait for it for ever.
 */
export type Purger = (db: Db, org: OrgId) => Promise<void>;

/** What somebody says who wants an organisation. */
export const orgInput = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,38}$/, 'must be 1 to 39 lower case letters, digits and dashes, a letter first')
    .describe('Slug by which it is named everywhere'),
  name: z.string().trim().min(1).max(100).optional().describe('What people call it; its id when absent'),
});
export type OrgInput = z.infer<typeof orgInput>;

/** Throws InvalidRequest, or Conflict where the slug is taken. */
export async function createOrg({ db, clock }: { db: Db; clock: Clock }, input: OrgInput): Promise<Org> {
  const parsed = orgInput.safeParse(input);
  if (!parsed.success)
    throw InvalidRequest({ faults: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) });
  const { id, name = id } = parsed.data;
  const org: Org = { id, name, createdAt: clock.now() };
  await db.transaction().execute(async (tx) => {
    if (!(await insertOrg(tx, org)))
      throw Conflict({ reason: `There is an organisation "${id}" already.`, remedy: 'Choose another id.' });
    await bumpRevision(tx);
  });
  return org;
}

/** Throws NotFound. */
export async function findOrg(db: Db, id: OrgId): Promise<Org> {
  const org = await getOrg(db, id);
  if (!org) throw NotFound({ what: 'organisation', id });
  return org;
}

/**
 * Removes an organisation with everything that belongs to it, in one transaction: all of it, or nothing.
 * Throws Conflict for the default organisation, and NotFound.
 */
export async function purgeOrg(db: Db, id: OrgId, purgers: readonly Purger[]): Promise<void> {
  if (id === defaultOrg)
    throw Conflict({
      reason: 'The default organisation cannot be removed.',
      remedy: 'Remove its keys, upstreams and policies one by one instead.',
    });
  await db.transaction().execute(async (tx) => {
    if (!(await lockOrg(tx, id))) throw NotFound({ what: 'organisation', id });
    for (const purge of purgers) await purge(tx, id);
    await deleteOrg(tx, id);
    await bumpRevision(tx);
  });
}
