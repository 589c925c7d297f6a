import { may, subjectsOf } from '../capabilities/access/index.ts';
import { principalOf, type Signin } from '../capabilities/signin/index.ts';
import { roleNames } from '../config/schema.ts';
import { isObject, type Json, type JsonObject } from '../kernel/json.ts';
import type { OrgId, Principal } from '../kernel/principal.ts';
import { redacted } from '../platform/telemetry/index.ts';

/** The roles that carry the right to decide, as whom an event concerns. */
export const usualApprovers: readonly string[] = roleNames
  .filter((role) => may({ roles: [role], scopes: ['*'] } as unknown as Principal, 'approvals:decide'))
  .map((role) => `role:${role}`);

/** Where the members of an organisation are reached whom something concerns: `user:<id>`, `team:<id>`, `role:<name>`, and `not:` before those left out. */
export function createAddresses(signin: Pick<Signin, 'people'> | undefined) {
  return async (org: OrgId, to: readonly string[]): Promise<string[]> => {
    if (!signin || to.length === 0) return [];
    const members = await signin.people.list(org);
    return members.flatMap((member) => {
      const principal = principalOf(member);
      const isConcerned = [principal.id, ...subjectsOf(principal)].some((subject) => to.includes(subject));
      const isIn = member.suspendedAt === undefined && isConcerned && !to.includes(`not:${principal.id}`);
      return isIn ? [member.email] : [];
    });
  };
}

/** Arguments without what their schema calls secret: what is only written, and passwords. */
export function withoutSecrets(value: Json, schema: unknown): Json {
  if (!isObject(schema)) return value;
  if (schema.writeOnly === true || schema.format === 'password') return redacted;
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, schema.items));
  if (!isObject(value)) return value;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const inner = (name: string) =>
    Object.hasOwn(properties, name) ? properties[name] : (schema.additionalProperties as unknown);
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, one]) => [name, withoutSecrets(one, inner(name))]),
  );
}
