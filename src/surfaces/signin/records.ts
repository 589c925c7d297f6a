import type { Context } from 'hono';
import { anonymousPrincipal } from '../../capabilities/access/index.ts';
import { type Member, principalOf } from '../../capabilities/signin/index.ts';
import type { FairleadError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { defaultOrg, type Principal } from '../../kernel/principal.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { PageDeps } from './deps.ts';

export interface Deed {
  /** Such as `signin.password`. */
  action: string;
  subject: string;
  detail?: JsonObject;
}

/** Somebody whom nobody here knows by name; kept by the default organisation. */
export const nobody = anonymousPrincipal(defaultOrg, 'viewer');

export const somebody = (member: Member | undefined): Principal => (member ? principalOf(member) : nobody);

/** Runs what changes something, on record whatever comes of it. Rejects with what `run` throws. */
export function perform<T>(
  c: Context<HttpEnv>,
  { acts, admission }: Pick<PageDeps, 'acts' | 'admission'>,
  principal: Principal,
  { action, subject, detail = {} }: Deed,
  run: () => Promise<T>,
): Promise<T> {
  const notes = { action, subject, detail, principal, org: principal.org, clientAddress: admission.address(c) };
  return acts.perform(notes, async (intend) => {
    await intend();
    return run();
  });
}

/** What was done already, or refused with `refused`. */
export async function note(
  c: Context<HttpEnv>,
  deps: Pick<PageDeps, 'acts' | 'admission'>,
  principal: Principal,
  deed: Deed,
  refused?: FairleadError,
): Promise<void> {
  const done = perform(c, deps, principal, deed, async () => {
    if (refused) throw refused;
  });
  await done.catch((error) => {
    if (error !== refused) throw error;
  });
}
