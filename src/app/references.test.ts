import { expect, it } from 'vitest';
import { createReferences } from './references.ts';

const resolve = createReferences({ TOKEN: 'abc' });
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
