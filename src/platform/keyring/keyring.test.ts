import { describe, expect, test } from 'vitest';
import { createKeyring } from './keyring.ts';

const [one, two] = ['the first secret, of thirty-two bytes or more', 'the second secret, of thirty-two bytes or more'];

describe('a secret that takes the place of another [AC-4]', () => {
  test('what either of them made is known while both are there, and what is new is made under the current one', () => {
    const before = createKeyring(one);
    const during = createKeyring(two, [one]);
    const after = createKeyring(two);
    const old = before.encrypt('a token', 'here');
    expect(during.decrypt(old, 'here')).toBe('a token');
    expect(during.isCurrent(old)).toBe(false);
    const renewed = during.encrypt('a token', 'here');
    expect(during.isCurrent(renewed)).toBe(true);
    expect(after.decrypt(renewed, 'here')).toBe('a token');
    expect(() => after.decrypt(old, 'here')).toThrow('not known here');
    expect(() => during.decrypt(old, 'elsewhere')).toThrow();
    expect(during.hashes('api-keys', 'x')).toEqual([after.hash('api-keys', 'x'), before.hash('api-keys', 'x')]);
  });

  test('a replica that has not changed over yet reads what those write that have', () => {
    const ahead = createKeyring(two, [one]);
    const behind = createKeyring(one, [two]);
    expect(behind.decrypt(ahead.encrypt('a token', 'here'), 'here')).toBe('a token');
    expect(behind.hashes('sign-in', 'x')).toContain(ahead.hash('sign-in', 'x'));
  });

  test('a key that is kept knows the hashes of a secret that is gone', () => {
    const after = createKeyring(two);
    const hash = createKeyring(one).hash('api-keys', 'x');
    expect(after.hashes('api-keys', 'x')).not.toContain(hash);
    after.keep('api-keys', createKeyring(one).key('api-keys'));
    expect(after.hashes('api-keys', 'x')).toContain(hash);
    expect(after.hash('api-keys', 'x')).not.toBe(hash);
  });

  test('the id of a secret is the same on each machine, and another for another secret', () => {
    expect(createKeyring(one).id).toMatch(/^[0-9a-f]{8}$/);
    expect(createKeyring(one).id).toBe(createKeyring(one).id);
    expect(createKeyring(one).id).not.toBe(createKeyring(two).id);
    expect(createKeyring(one, [one]).others).toEqual([]);
  });
});
