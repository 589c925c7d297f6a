import { createHash } from 'node:crypto';

/** The same items in an order that only they and the seed decide. */
export function shuffled<T>(items: readonly T[], seed: string): T[] {
  return items
    .map((item) => ({
      item,
      key: createHash('sha256')
        .update(`${seed} ${JSON.stringify(item)}`)
        .digest('hex'),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
}
