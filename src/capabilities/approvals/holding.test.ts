import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../test/database.ts';
import { createKeyring } from '../../platform/keyring/index.ts';
import { keepPreview } from './beside/store.ts';
import { sealContext } from './binding.ts';
import { keptApprovals } from './holding.ts';
import { approvalsMigrations } from './migrations.ts';
import { getApproval, insertApproval } from './store.ts';

let world: TestDatabase;
beforeAll(async () => {
  world = await openTestDatabase(approvalsMigrations);
}, 120_000);
afterAll(() => world?.stop());

it('moves what is sealed to the current secret, and counts what no secret opens [AC-5] [CO-1]', async () => {
  const [before, after] = [
    'the secret from before, of thirty-two bytes',
    'the secret from now on, of thirty-two bytes',
  ];
  const sealedBy = (secret: string, id: string, what: 'request' | 'preview' = 'request') =>
    createKeyring(secret).encrypt('{}', sealContext('default', id, what));
  const one = {
    kind: 'approve' as const,
    asker: { id: 'key:a' } as never,
    subject: 'key:a',
    tool: 'a.b',
    toolDigest: '-',
    argumentDigest: '-',
    policyVersion: '-',
    rule: '-',
    needed: 1,
    repeatable: false,
    callId: 'call_1',
    createdAt: 1,
    expiresAt: 2,
    previewDueAt: 3,
    backupBy: undefined,
  };
  const put = (id: string, secret: string) =>
    insertApproval(world.db, 'default', { ...one, id, requestDigest: id, request: sealedBy(secret, id) });
  await put('apr_1', before);
  await put('apr_2', after);
  await put('apr_3', 'a secret that nobody has any more, of thirty-two bytes');
  await keepPreview(world.db, 'default', 'apr_1', sealedBy(before, 'apr_1', 'preview'));
  const keyring = createKeyring(after, [before]);
  const renewal = {
    isCurrent: keyring.isCurrent,
    again: (sealed: string, context: string) => keyring.encrypt(keyring.decrypt(sealed, context), context),
  };
  expect(await keptApprovals(world.db).renew(renewal)).toEqual({ renewed: 1, lost: 1 });
  const moved = await getApproval(world.db, 'default', 'apr_1');
  for (const what of ['request', 'preview'] as const)
    expect(createKeyring(after).decrypt(moved?.[what] ?? '', sealContext('default', 'apr_1', what))).toBe('{}');
});
