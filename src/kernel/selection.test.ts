import { describe, expect, it } from 'vitest';
import { ownToolset } from './names.ts';
import type { Principal } from './principal.ts';
import { isMeant, keyPart, toolsMeant } from './selection.ts';

const agent = {
  id: 'key:1',
  actsFor: 'user:kim',
  kind: 'agent',
  roles: ['developer'],
  teams: ['ops'],
} as unknown as Principal;

describe('whom a rule is for', () => {
  it('is who fits all that it says [CO-5] [CO-6]', () => {
    for (const callers of [
      undefined,
      {},
      { principals: ['key:1'] },
      { principals: ['user:kim'] },
      { kinds: ['agent'], roles: ['viewer', 'developer'], teams: ['ops'] },
    ])
      expect([callers, isMeant(callers, agent)]).toEqual([callers, true]);
    for (const callers of [
      { principals: ['key:2'] },
      { kinds: ['user'] },
      { roles: ['admin'] },
      { teams: ['platform'] },
      { kinds: ['agent'], teams: [] },
    ])
      expect([callers, isMeant(callers, agent)]).toEqual([callers, false]);
    const { teams, ...teamless } = agent;
    expect(isMeant({ teams: ['ops'] }, teamless as Principal)).toBe(false);
  });

  it('names tools whole or by their beginning, and ours only outright [CO-5] [CO-6]', () => {
    const search = { id: 'search.web', toolset: 'search' };
    const own = { id: `${ownToolset}.run_tools`, toolset: ownToolset };
    expect([search, own].map((tool) => toolsMeant(undefined)(tool))).toEqual([true, false]);
    expect([search, own].map((tool) => toolsMeant({ tools: [own.id] })(tool))).toEqual([false, true]);
    expect(toolsMeant({ tools: ['search.*'] })(search)).toBe(true);
    expect(toolsMeant({ tools: ['search.w'] })(search)).toBe(false);
    expect(toolsMeant({ tools: ['search.*'], toolsets: ['mail'] })(search)).toBe(false);
  });

  it('stands in keys as one part, whatever it holds [CO-5]', () => {
    expect(keyPart('a:b/\ud800')).toBe('a%3Ab%2F%EF%BF%BD');
    expect(keyPart('x'.repeat(500))).toHaveLength(200);
  });
});
