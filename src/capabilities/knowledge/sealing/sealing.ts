import { randomBytes } from 'node:crypto';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { CollectionLocked } from '../errors.ts';
import { createSeal, type Seal } from './seal.ts';
import { addKey, readKeys } from './store.ts';
import type { Vaults } from './vault.ts';

export type Seals = ReadonlyMap<number, Seal>;

/** Who has which key; whether a collection has one is settled when it is made. */
export interface Sealing {
  /** The seals of those of the collections that are encrypted. @throws CollectionLocked */
  of(db: Db, org: OrgId, collections: readonly number[]): Promise<Seals>;
  /** Gives a collection a key, in the transaction that makes it. */
  make(trx: Db, org: OrgId, collection: number): Promise<void>;
  /** Forgets the key of a collection that was removed. */
  forget(org: OrgId, collection: number): void;
}

type Key = Awaited<ReturnType<typeof readKeys>>[number];

/** After so long a key is asked for again, so that one that was destroyed elsewhere does not live on here. */
const keptMs = 5 * 60_000;
const keyBytes = 32;

/** @param deps.now milliseconds that only grow */
export function createSealing({
  vaults,
  now = () => performance.now(),
}: {
  vaults: Vaults;
  now?: () => number;
}): Sealing {
  const known = new Map<string, { seal: Seal | undefined; until: number }>();
  const keyOf = (org: OrgId, collection: number) => `${org} ${collection}`;

  const unwrap = (org: OrgId, { collection, wrapped, vault: by }: Key): Seal => {
    try {
      // Taken for plain, it would show what is closed as text, and keep what comes as it is.
      if (wrapped === null) throw new Error('its key is lost');
      const vault = vaults.named(by);
      if (!vault) throw new Error(`the key was wrapped by ${by}, which is not known here`);
      return createSeal(vault.unwrap(wrapped, contextOf(org, collection)));
    } catch (cause) {
      throw CollectionLocked({ collection }, { cause });
    }
  };

  return {
    async of(db, org, collections) {
      const seals = new Map<number, Seal>();
      const unknown: number[] = [];
      for (const collection of collections) {
        const one = known.get(keyOf(org, collection));
        if (!one || one.until < now()) unknown.push(collection);
        else if (one.seal) seals.set(collection, one.seal);
      }
      if (unknown.length === 0) return seals;
      const rows = new Map((await readKeys(db, org, unknown)).map((row) => [row.collection, row]));
      for (const collection of unknown) {
        const row = rows.get(collection);
        const seal = row && unwrap(org, row);
        known.set(keyOf(org, collection), { seal, until: now() + keptMs });
        if (seal) seals.set(collection, seal);
      }
      return seals;
    },
    async make(trx, org, collection) {
      const vault = vaults.current();
      const wrapped = vault.wrap(randomBytes(keyBytes), contextOf(org, collection));
      await addKey(trx, org, { collection, wrapped, vault: vault.name });
    },
    forget: (org, collection) => void known.delete(keyOf(org, collection)),
  };
}

export const contextOf = (org: OrgId, collection: number) => `knowledge key ${org} ${collection}`;
