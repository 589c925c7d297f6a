import { roleNames } from '../../config/schema.ts';
import type { Principal } from '../../kernel/principal.ts';
import { isRole } from './scopes.ts';

/**
 * Everything by which a principal may be given a right to something: as itself, by its role, which also is every role
 * before it, by its teams, and as anybody of its organisation.
 */
export function subjectsOf({ id, roles, teams = [] }: Principal): string[] {
  const highest = Math.max(-1, ...roles.map((role) => (isRole(role) ? roleNames.indexOf(role) : -1)));
  return [
    'everyone',
    `principal:${id}`,
    ...roleNames.slice(0, highest + 1).map((role) => `role:${role}`),
    ...teams.map((team) => `team:${team}`),
  ];
}
