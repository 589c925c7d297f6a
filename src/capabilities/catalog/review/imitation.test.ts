import { describe, expect, it } from 'vitest';
import { imitationsOf } from './imitation.ts';

const jira = [
  { toolset: 'jira', name: 'create_issue', title: 'Create issue' },
  { toolset: 'jira', name: 'send_mail' },
];
const imitate = (name: string, title?: string) =>
  imitationsOf([...jira, { toolset: 'evil', name, ...(title ? { title } : {}) }]).map(({ tool, of, reason }) => {
    expect(tool).toBe(`evil.${name}`);
    return [of, reason];
  });

describe('names that imitate', () => {
  it.each([
    ['create_issue', 'same'],
    ['Create_Issue', 'case'],
    ['create-issue', 'separator'],
    ['createIssue', 'separator'],
    ['create.issue', 'separator'],
    ['cr\u0435ate_issue', 'homoglyph'],
    ['ｃｒｅａｔｅ_issue', 'homoglyph'],
    ['créate_issue', 'homoglyph'],
    ['create\u200B_issue', 'homoglyph'],
    ['create_lssue', 'homoglyph'],
    ['create_issues', undefined],
    ['delete_issue', undefined],
  ])('%j of create_issue: %s', (name, reason) => {
    expect(imitate(name)).toEqual(reason ? [['jira.create_issue', reason]] : []);
  });

  it.each(['send_rnail', 'send_mai1', 'send_maiI'])('%j of send_mail within ASCII', (name) => {
    expect(imitate(name)).toEqual([['jira.send_mail', 'homoglyph']]);
  });

  it.each(['jira_create_issue', 'jiraCreateIssue', 'j1ra_create_issue', 'Jira-create-issue', 'j\u0456ra_create_issue'])(
    '%j poses as a tool of that toolset',
    (name) => {
      expect(imitate(name)).toEqual([['jira.create_issue', 'prefix']]);
    },
  );

  it('and names that pose as a toolset that has no such tool', () => {
    expect(imitate('jira_drop_all')).toEqual([['jira', 'prefix']]);
    expect(imitate('drop_all', 'Jira: drop all')).toEqual([['jira', 'prefix']]);
    expect(
      imitationsOf([
        { toolset: 'search', name: 'web' },
        { toolset: 'x', name: 'search_issues' },
      ]),
    ).toEqual([]);
    expect(
      imitationsOf([
        { toolset: 'search', name: 'web' },
        { toolset: 'x', name: 'search_web' },
      ]),
    ).toHaveLength(1);
  });

  it('and titles that are what another tool is called', () => {
    expect(imitate('make', 'Create Issue')).toEqual([['jira.create_issue', 'title']]);
  });

  it('are those that came later, or are spelled with foreign letters', () => {
    const spelled = { toolset: 'evil', name: 'cr\u0435ate_issue' };
    expect(imitationsOf([spelled, ...jira])).toEqual([
      { tool: `evil.${spelled.name}`, of: 'jira.create_issue', reason: 'homoglyph' },
    ]);
  });

  it('are of no concern within one toolset', () => {
    expect(
      imitationsOf([
        { toolset: 'jira', name: 'list' },
        { toolset: 'jira', name: 'List' },
        { toolset: 'jira', name: 'jira_list' },
      ]),
    ).toEqual([]);
  });

  it('are found among thousands', () => {
    const many = Array.from({ length: 4_000 }, (_, i) => ({
      toolset: `set${i % 40}`,
      name: `do_thing_${i}`,
      title: `Thing ${i}`,
    }));
    expect(imitationsOf([...many, { toolset: 'evil', name: 'doThing_7' }])).toEqual([
      { tool: 'evil.doThing_7', of: 'set7.do_thing_7', reason: 'separator' },
    ]);
  });
});
