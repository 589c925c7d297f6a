import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { splitToolId, wireNames } from './names.ts';

const hash8 = (id: string) => createHash('sha256').update(id).digest('hex').slice(0, 8);

describe('names on the wire', () => {
  it('replaces every character that model APIs refuse [SP-5]', () => {
    expect(wireNames([{ id: 'git.log/all', wanted: 'git_log/all' }]).get('git.log/all')).toBe('git_log_all');
  });

  it('cuts a name over 64 characters and ends it in 8 hex digits of the id [SP-5]', () => {
    const id = `git.${'x'.repeat(80)}`;
    const name = wireNames([{ id, wanted: `git_${'x'.repeat(80)}` }]).get(id) ?? '';
    expect(name).toHaveLength(64);
    expect(name.endsWith(`_${hash8(id)}`)).toBe(true);
  });

  it('suffixes all who collide, whatever the order [SP-5]', () => {
    const items = [
      { id: 'a.b.c', wanted: 'a_b.c' },
      { id: 'a.b_c', wanted: 'a_b_c' },
    ];
    const forth = wireNames(items);
    const back = wireNames([...items].reverse());
    expect(forth.get('a.b.c')).toBe(`a_b_c_${hash8('a.b.c')}`);
    expect(forth.get('a.b_c')).toBe(`a_b_c_${hash8('a.b_c')}`);
    expect(back).toEqual(new Map([...forth].reverse()));
  });

  it('keeps apart a tool that is named like the suffixed form of others', () => {
    const trap = `a_b_c_${hash8('a.b.c')}`;
    const names = wireNames([
      { id: 'a.b.c', wanted: 'a_b.c' },
      { id: 'a.b_c', wanted: 'a_b_c' },
      { id: 'a.trap', wanted: trap },
    ]);
    expect(new Set(names.values()).size).toBe(3);
  });

  it('splits a canonical id at its first dot [SP-5]', () => {
    expect(splitToolId('jira.issue.create')).toEqual({ toolset: 'jira', name: 'issue.create' });
    expect(splitToolId('jira')).toBeUndefined();
    expect(splitToolId('.x')).toBeUndefined();
  });
});
