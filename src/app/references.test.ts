import { expect, it } from 'vitest';
import { createReferences } from './references.ts';

const resolve = createReferences({ TOKEN: 'abc' });

it('puts in only what the operator listed, and only for the default organisation [SP-9]', async () => {
  await expect(resolve('Bearer ${env:TOKEN}', 'default')).resolves.toBe('Bearer abc');
  await expect(resolve('Bearer ${env:TOKEN}', 'rival')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  await expect(resolve('${env:FAIRLEAD_SECRET}', 'default')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  await expect(resolve('${env:constructor}', 'default')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  await expect(resolve('${file:/etc/passwd}', 'default')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
});
