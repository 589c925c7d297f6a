import { randomUUID } from 'node:crypto';
import { type OrgId, type Principal, subjectBehind } from '../../kernel/principal.ts';
import { type SubjectToken, tokenTypes } from '../../platform/oauth/index.ts';
import { CallerNotVouchedFor, CallerTokenGone } from './errors.ts';
import type { Callers, MachineAuth } from './types.ts';

export type PersonalAuth = Extract<MachineAuth, { grant: 'token_exchange' | 'enterprise_managed' }>;

const assertionSeconds = 120;

/** Whom a token is cached for: another credential of the same person may be worth less. */
export function cacheKeyOf(who: Principal): string {
  return JSON.stringify([subjectBehind(who), who.credential.id, [...who.scopes].sort()]);
}

/** Whom Fairlead vouches for when it asks on its own account. Throws `CallerNotVouchedFor`. */
export async function listingToken(
  { name, org, listAs }: { name: string; org: OrgId; listAs: string },
  auth: PersonalAuth,
  audience: string,
  { callers, nowMs }: { callers: Callers; nowMs: number },
): Promise<SubjectToken> {
  if (!callers.sign) throw CallerNotVouchedFor({ name, reason: 'this server cannot vouch for anybody itself' });
  const token = await callers.sign({ ...timed(audience, nowMs), sub: listAs, org, name: listAs });
  return { token, type: auth.subjectTokenType ?? tokenTypes.jwt };
}

function timed(aud: string, nowMs: number) {
  const iat = Math.floor(nowMs / 1_000);
  return { aud, jti: randomUUID(), iat, exp: iat + assertionSeconds };
}

/**
 * Who is behind a call, said by somebody whom the authorization server trusts. Throws `CallerNotVouchedFor` and `CallerTokenGone`.
 *
 * @param audience the authorization server: for no other is the assertion any good
 */
export async function subjectToken(
  name: string,
  auth: PersonalAuth,
  who: Principal,
  audience: string,
  { callers, nowMs }: { callers: Callers; nowMs: number },
): Promise<SubjectToken> {
  const subject = subjectBehind(who);
  if (who.kind === 'anonymous' || who.kind === 'system') {
    throw CallerNotVouchedFor({ name, reason: 'nobody is behind this one' });
  }
  // What an agent came with says who the agent is, not for whom it acts.
  const own = auth.subject !== 'assertion' && subject === who.id ? callers.tokenOf(who) : undefined;
  if (own !== undefined) return { token: own, type: auth.subjectTokenType ?? tokenTypes.accessToken };
  // Whoever calls with such a token has it; without it a call is made for them that they asked for before. Their token is
  // not kept for that: it would be somebody's credential, at rest, for a call whose time others choose.
  if (who.id.startsWith('jwt:') && (auth.subject === 'caller' || !callers.sign)) throw CallerTokenGone({ name });
  if (auth.subject === 'caller') {
    throw CallerNotVouchedFor({ name, reason: 'this caller came with no token of an outside issuer' });
  }
  if (!callers.sign) throw CallerNotVouchedFor({ name, reason: 'this server cannot vouch for anybody itself' });
  const token = await callers.sign({
    ...timed(audience, nowMs),
    sub: subject,
    org: who.org,
    name: who.name,
    ...(subject === who.id ? {} : { act: { sub: who.id } }),
  });
  return { token, type: auth.subjectTokenType ?? tokenTypes.jwt };
}
