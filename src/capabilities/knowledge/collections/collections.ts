import {
  type CollectionChoice,
  type CollectionSettings,
  collectionChoice,
  collectionName,
} from '../../../config/schema.ts';
import { InvalidRequest, NotFound } from '../../../kernel/errors.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import { hasContents } from '../documents/store.ts';
import { CollectionDeclared, EncryptionFixed } from '../errors.ts';
import { purgeContents } from '../purge.ts';
import type { Sealing } from '../sealing/index.ts';
import {
  audienceOf,
  type CollectionRow,
  deleteCollection,
  listCollections,
  listDeclared,
  lockCollection,
  putCollection,
} from './store.ts';

export interface Collection extends Omit<CollectionRow, 'settings'> {
  settings: CollectionChoice;
}

export interface Collections {
  /** By name. */
  list(org: OrgId): Promise<Collection[]>;
  find(org: OrgId, name: string): Promise<Collection | undefined>;
  /**
   * Takes the declarations of the file. Documents of one that is not there any more stay, and nobody can read them.
   * @throws EncryptionFixed once all others are taken
   */
  declare(declared: Readonly<Record<string, CollectionSettings>>): Promise<void>;
  /** Adds or changes one while the server runs. @throws InvalidRequest, CollectionDeclared */
  put(org: OrgId, name: string, settings: unknown, by: string): Promise<Collection>;
  /** With all of its documents. @throws NotFound, CollectionDeclared */
  remove(org: OrgId, name: string): Promise<void>;
}

const byFile = 'file';

interface Deps {
  db: Db;
  sealing: Sealing;
  /** Names that the setting `model` may have. */
  models: readonly string[];
  /** Awaited after collections were added or removed. */
  changed(): Promise<void>;
}

export function createCollections({ db, sealing, models, changed }: Deps): Collections {
  const list = async (org: OrgId): Promise<Collection[]> =>
    (await listCollections(db, org)).map((row) => ({ ...row, settings: collectionChoice.parse(row.settings) }));
  const find = async (org: OrgId, name: string) => (await list(org)).find((one) => one.name === name);

  const keep = async (org: OrgId, name: string, settings: CollectionChoice, declared: boolean, changedBy: string) => {
    await db.transaction().execute(async (trx) => {
      const before = (await listCollections(trx, org)).find((one) => one.name === name);
      const changes = before && collectionChoice.parse(before.settings).encrypted !== settings.encrypted;
      if (before && changes) await makeRoom(trx, org, before);
      const audience = await audienceOf(trx, org, settings.readers);
      const id = await putCollection(trx, org, { name, settings, declared, audience, changedBy });
      // What has a number has a key or has none for ever, so that every replica may remember it.
      if (settings.encrypted && (!before || changes)) await sealing.make(trx, org, id);
    });
  };

  /** An empty collection goes, so that one of its name can be made otherwise. */
  const makeRoom = async (trx: Db, org: OrgId, { id, name }: CollectionRow) => {
    if (await hasContents(trx, org, id)) throw EncryptionFixed({ name });
    await purgeContents(trx, org, id);
    await deleteCollection(trx, org, id);
  };

  return {
    list,
    find,
    async declare(declared) {
      const faults: unknown[] = [];
      for (const [name, { org, sources: _, syncEveryMs: __, ...settings }] of Object.entries(declared)) {
        const { encrypted } = settings;
        // Rights that were taken away count, whatever else of the declarations cannot be.
        await keep(org, name, settings, true, byFile).catch(async (error: unknown) => {
          faults.push(error);
          if (EncryptionFixed.is(error)) await keep(org, name, { ...settings, encrypted: !encrypted }, true, byFile);
        });
      }
      for (const { org, name, settings } of await listDeclared(db)) {
        if (declared[name]?.org === org) continue;
        await keep(org, name, { ...collectionChoice.parse(settings), readers: [], writers: [] }, true, byFile);
      }
      await changed();
      if (faults.length > 0) throw faults[0];
    },
    async put(org, name, input, by) {
      const settings = parsed(name, input, models);
      if ((await find(org, name))?.declared) throw CollectionDeclared({ name });
      await keep(org, name, settings, false, by);
      const made = await find(org, name);
      if (!made) throw NotFound({ what: 'collection', id: name });
      await changed();
      return made;
    },
    async remove(org, name) {
      const one = await find(org, name);
      if (!one) throw NotFound({ what: 'collection', id: name.slice(0, 100) });
      if (one.declared && one.settings.readers.length > 0) throw CollectionDeclared({ name });
      await db.transaction().execute(async (trx) => {
        await lockCollection(trx, org, one.id);
        await purgeContents(trx, org, one.id);
        await deleteCollection(trx, org, one.id);
      });
      sealing.forget(org, one.id);
      await changed();
    },
  };
}

function parsed(name: string, input: unknown, models: readonly string[]): CollectionChoice {
  const named = collectionName.safeParse(name);
  const settings = collectionChoice.safeParse(input);
  const faults = [
    ...(named.error?.issues ?? []).map(({ message }) => `name: ${message}`),
    ...(settings.error?.issues ?? []).map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`),
  ];
  const model = settings.data?.model;
  if (model !== undefined && !models.includes(model))
    faults.push(`model: is none of those that the server has: ${models.join(', ')}`);
  if (faults.length > 0 || !settings.success) throw InvalidRequest({ faults });
  return settings.data;
}
