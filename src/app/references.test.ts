import { expect, it } from 'vitest';
import { createReferences } from './references.ts';

const values: Record<string, string> = {
  'team/crm#token': 'crm',
  'team/crm#user': 'u',
  'other#key': 'no',
  'deep/a/b#c': 'd',
};
const asked: string[] = [];
const secrets = {
  fetch: async (names: readonly string[]) => void asked.push(...names),
  lookUp: ({ name }: { name: string }) => {
    const value = values[name];
    return value === undefined ? { fault: `vault:${name} cannot be had: gone`, away: true as const } : { value };
  },
};
const allowed = {
  variables: { TOKEN: 'abc' },
  vault: { default: ['team/crm#token', 'deep/*', 'gone'], rival: ['other'] },
};
const resolve = createReferences(() => allowed, secrets);
const reference = (kind: string, name: string) => ['$', `{${kind}:${name}}`].join('');

it('puts in only what the operator listed, and only for the default organisation [SP-9]', async () => {
  await expect(resolve(`Bearer ${reference('env', 'TOKEN')}`, 'default')).resolves.toBe('Bearer abc');
  await expect(resolve(`Bearer ${reference('env', 'TOKEN')}`, 'rival')).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  });
  await expect(resolve(reference('env', 'FAIRLEAD_SECRET'), 'default')).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  });
  await expect(resolve(reference('env', 'constructor'), 'default')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  await expect(resolve(reference('file', '/etc/passwd'), 'default')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
});

it('puts in only those secrets of the vault that the operator listed for this organisation [AC-5]', async () => {
  const vault = (name: string, org = 'default') => resolve(reference('vault', name), org);
  await expect(vault('team/crm#token')).resolves.toBe('crm');
  await expect(vault('deep/a/b#c')).resolves.toBe('d');
  await expect(vault('other#key', 'rival')).resolves.toBe('no');
  asked.length = 0;
  const refused = [
    ['team/crm#user', 'default'],
    ['other#key', 'default'],
    ['team/crm#token', 'rival'],
    ['team/crm#token', 'nobody'],
    ['team/crm#token', 'constructor'],
    ['deep#c', 'default'],
    ['deeper/a#c', 'default'],
    ['deep/../other#key', 'default'],
    ['deep/./x#key', 'default'],
    ['deep//x#key', 'default'],
    ['deep/%2e%2e/other#key', 'default'],
    ['/deep/a/b#c', 'default'],
    ['/secret/data/other#key', 'default'],
    ['other', 'rival'],
  ] as const;
  for (const [name, org] of refused)
    await expect(vault(name, org), `${name} of ${org}`).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  expect(asked, 'nothing that is not allowed is asked for').toEqual([]);
  await expect(vault('gone#key')).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE' });
});
