import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../../kernel/clock.ts';
import { isObject, parseJson } from '../../../kernel/json.ts';
import type { OrgId, Principal } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Roster } from '../members/roster.ts';
import type { TokenUses } from '../sessions/uses.ts';
import type { Standing } from '../sso/standing.ts';
import { publicKeys } from './store.ts';

const lookAgainMs = 1_000; // invented key ids must not make us ask the database each time

/** What is left for whoever checks tokens: signature and times are theirs, whose it is stands here. */
export interface BuiltInIssuer {
  /** Its name, as the claim `iss` has it. */
  issuer: string;
  key: JWTVerifyGetKey;
  /** Call before `holderOf`. */
  wake(): Promise<void>;
  /** Undefined for who is not, or not any more, a member. Throws SigninUnavailable. */
  holderOf(claims: {
    sub: string;
    clientId: string | undefined;
    org: OrgId | undefined;
    issuedAtMs: number;
    generation: string | undefined;
  }): Pick<Principal, 'id' | 'kind' | 'org' | 'name' | 'roles' | 'teams'> | undefined;
}

/** The public keys, as the protocol publishes them. */
export interface SigningKeys {
  jwks(): Promise<JSONWebKeySet>;
  key: JWTVerifyGetKey;
}

export function createSigningKeys({ db, clock }: { db: Db; clock: Clock }): SigningKeys {
  let known: { set: JSONWebKeySet; find: ReturnType<typeof createLocalJWKSet>; at: number } | undefined;

  async function load() {
    const at = clock.now();
    const rows = await publicKeys(db, at);
    const keys = rows.flatMap(({ id, alg, jwk }) => {
      const value = parseJson(jwk);
      return isObject(value) ? [{ ...value, kid: id, alg, use: 'sig' }] : [];
    });
    const set = { keys } as unknown as JSONWebKeySet;
    known = { set, find: createLocalJWKSet(set), at };
    return known;
  }

  return {
    jwks: async () => (await load()).set,
    async key(header, token) {
      const held = known ?? (await load());
      try {
        return await held.find(header, token);
      } catch (error) {
        const fresh = Math.abs(clock.now() - held.at) < lookAgainMs;
        if (!(error instanceof errors.JWKSNoMatchingKey) || fresh) throw error;
        return (await load()).find(header, token);
      }
    },
  };
}

export interface BuiltInIssuerDeps {
  publicUrl: string;
  keys: SigningKeys;
  roster: Roster;
  standing: Pick<Standing, 'holder'>;
  uses: Pick<TokenUses, 'note'>;
  clock: Clock;
}

export function createBuiltInIssuer(deps: BuiltInIssuerDeps): BuiltInIssuer {
  const { publicUrl, keys, roster, standing, uses, clock } = deps;
  return {
    issuer: publicUrl,
    key: keys.key,
    wake: roster.wake,
    holderOf({ sub, clientId, org, issuedAtMs, generation }) {
      if (sub === clientId) {
        const service = roster.service(clientId);
        if (!service || service.disabled) return undefined;
        uses.note(service.org, sub, sub, clock.now());
        const { org, name, roles } = service;
        return { id: `service:${clientId}`, kind: 'service', org, name, roles };
      }
      const member = standing.holder(sub, org);
      if (!member) return undefined;
      // One from before there were generations tells its time in whole seconds, and ends within a quarter of an hour.
      const counts =
        generation === undefined
          ? issuedAtMs > member.revokedBefore
          : generation === roster.generation(member, clientId ?? '');
      if (!counts) return undefined;
      uses.note(member.org, sub, clientId ?? '', clock.now());
      const { name, role, teams } = member;
      return { id: `user:${sub}`, kind: 'user', org: member.org, name, roles: [role], teams };
    },
  };
}
