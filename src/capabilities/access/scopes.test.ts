import { expect, it } from 'vitest';
import { roleNames } from '../../config/schema.ts';
import type { Principal } from '../../kernel/principal.ts';
import {
  anonymousPrincipal,
  Forbidden,
  mayActIn,
  missingScope,
  requireScope,
  type Scope,
  scopeNames,
  scopesTogether,
  subjectsOf,
  systemPrincipal,
} from './index.ts';
import { rolesBeyond } from './scopes.ts';

const somebody = (roles: string[], scopes: string[], org = 'default'): Principal => ({
  ...systemPrincipal(org),
  roles,
  scopes,
});

const held = (principal: Principal) =>
  scopeNames.filter((scope: Scope) => {
    try {
      requireScope(principal, scope);
      return true;
    } catch (error) {
      expect(missingScope(error)).toBe(scope);
      return false;
    }
  });

it('gives a credential with every scope what its roles carry and no more [SP-14]', () => {
  const tools = ['tools:read', 'tools:call'];
  expect(held(somebody(['viewer'], ['*']))).toEqual(tools);
  expect(held(somebody(['developer'], ['*']))).toEqual(tools);
  expect(held(somebody(['viewer', 'operator'], ['*']))).toEqual([
    ...tools,
    'audit:read',
    'upstreams:read',
    'knowledge:write',
    'policies:read',
    'approvals:decide',
  ]);
  expect(held(somebody(['admin'], ['*']))).toEqual(scopeNames);
  expect(held(somebody(['king', 'constructor'], ['*']))).toEqual([]);
  expect(held(somebody([], ['*']))).toEqual([]);
});

it('gives an admin no more than the scopes of the credential [SP-14]', () => {
  expect(held(somebody(['admin'], ['audit:read']))).toEqual(['audit:read']);
  expect(held(somebody(['admin'], []))).toEqual([]);
});

it('lets nobody beyond the default organisation administer organisations [SP-14]', () => {
  const other = somebody(['admin'], ['*', 'orgs:write'], 'other');
  expect(held(other)).toEqual(scopeNames.filter((scope) => scope !== 'orgs:write'));
  expect(mayActIn(other, 'other')).toBe(true);
  expect(mayActIn(other, 'default')).toBe(false);
  expect(mayActIn(systemPrincipal(), 'other')).toBe(true);
  expect(mayActIn(somebody(['operator'], ['*']), 'other')).toBe(false);
});

it('lets every role hand out itself and the roles below, and no role none [SP-14]', () => {
  expect(roleNames.map((role) => rolesBeyond([role], roleNames))).toEqual([
    ['developer', 'operator', 'admin'],
    ['operator', 'admin'],
    ['admin'],
    [],
  ]);
  expect(rolesBeyond(['viewer', 'operator', 'king'], roleNames)).toEqual(['admin']);
  expect(rolesBeyond(['king'], roleNames)).toEqual(roleNames);
  expect(rolesBeyond([], roleNames)).toEqual(roleNames);
});

it('names the scope that is missing [SP-14]', () => {
  expect(() => requireScope(somebody(['viewer'], ['*']), 'audit:read')).toThrow(
    expect.objectContaining({ code: Forbidden.code, spec: expect.objectContaining({ status: 403 }) }),
  );
  expect(() => requireScope(somebody(['viewer'], ['*']), 'audit:read')).toThrow(/audit:read/);
  expect(missingScope(new Error('another'))).toBeUndefined();
});

it('lets callers without a credential use tools and nothing else, whatever their role [SP-14]', () => {
  for (const role of roleNames) {
    const principal = anonymousPrincipal('ours', role);
    expect(principal).toMatchObject({ id: 'anonymous', kind: 'anonymous', org: 'ours', roles: [role] });
    expect(held(principal)).toEqual(['tools:read', 'tools:call']);
  }
});

it('names everything as one scope only where it is everything [SP-14]', () => {
  expect(scopesTogether(somebody(['admin'], ['*']))).toEqual(['*']);
  expect(scopesTogether(somebody(['developer'], ['*', 'keys:write']))).toEqual(['tools:read', 'tools:call']);
  const elsewhere = scopesTogether(somebody(['admin'], ['*'], 'acme'));
  expect(elsewhere).toEqual(scopeNames.filter((scope) => !['*', 'orgs:write'].includes(scope)));
});

it('somebody is given rights as themselves, by their role and those below it, and by their teams', () => {
  const kim: Principal = { ...somebody(['developer'], ['*']), id: 'user:kim', teams: ['platform', 'on-call'] };
  expect(subjectsOf(kim)).toEqual([
    'everyone',
    'principal:user:kim',
    'role:viewer',
    'role:developer',
    'team:platform',
    'team:on-call',
  ]);
});
