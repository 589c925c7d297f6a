import { describe, expect, it } from 'vitest';
import { renderFault, schemaFaults } from './faults.ts';
import { knowledgeSource } from './knowledge-schema.ts';

function faultsOf(value: unknown): string[] {
  const { success, error } = knowledgeSource.safeParse(value);
  return success ? [] : schemaFaults(knowledgeSource, error.issues, value).map((fault) => renderFault(fault, 'source'));
}

describe('a source of knowledge', () => {
  it.each([
    { folder: './docs' },
    { folder: './docs', include: ['*.{md,mdx}', '/api/**'], exclude: ['drafts/'], gitignore: false },
    { git: 'https://git.example/docs.git', ref: 'main', token: 'x' },
    { git: '../repository', protocols: ['file'] },
    { web: 'https://docs.example/', depth: 2, maxPages: 10 },
    { web: 'https://docs.example/', sitemap: true },
    { web: 'https://docs.example/', sitemap: 'https://docs.example/own.xml' },
    { packages: '.', names: ['zod', '@hono/*'] },
    { confluence: { url: 'https://x.atlassian.net', email: 'a@b.example', token: 'x', spaces: ['DOC', '~me'] } },
    { jira: { url: 'https://x.atlassian.net', token: 'x', jql: 'project = A' }, maxItems: 10 },
  ])('may be %j', (value) => {
    expect(faultsOf(value)).toEqual([]);
  });

  it.each([
    [{}, 'needs one of folder, git, web, packages, confluence, jira'],
    [{ folder: './docs', maxPages: 3 }, 'maxPages: is not a known key'],
    [{ folder: './docs', include: ['!a'] }, 'include[0]: must not begin with ! or #; use include and exclude'],
    [{ git: 'x', protocols: ['ext'] }, 'protocols[0]: must be one of https, http, ssh, file'],
    [{ web: 'ftp://x.example/' }, 'web: must be a URL that begins with http:// or https://'],
    [{ web: 'https://x.example/', concurrency: 100 }, 'concurrency: must be at most 8'],
    [
      { confluence: { url: 'https://x.example', token: 'x', spaces: ['a/b'] } },
      'confluence.spaces[0]: must be the key of a space',
    ],
    [{ jira: { url: 'https://x.example', token: 'x' } }, 'jira.jql: is missing'],
  ] as const)('may not be %j', (value, fault) => {
    expect(faultsOf(value)).toEqual([expect.stringContaining(fault)]);
  });

  it('is never quoted in a fault, whatever is wrong with it', () => {
    const secret = 'ghp-very-secret';
    const wrong = [
      { web: `https://user:${secret}@x.example/` },
      { jira: { url: `https://user:${secret}@x.example`, token: secret, jql: 'x' } },
      { confluence: { url: 'https://x.example', token: [secret] } },
      { git: 'https://x.example/a.git', token: { value: secret } },
      { git: 'https://x.example/a.git', token: secret, ref: '', depth: secret },
    ];
    for (const value of wrong) {
      const faults = faultsOf(value);
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.join('\n')).not.toContain(secret);
    }
  });
});
