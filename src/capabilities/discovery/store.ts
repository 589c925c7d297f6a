import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';

type VectorTables = {
  discovery_vectors: { org: string; model: string; text_digest: string; vector: Buffer };
};

const tables = (db: Db) => db.withTables<VectorTables>();
const rowsAtOnce = 500;

/** Vectors of one model by the digest of their text, as far as they are there. */
export async function readVectors(
  db: Db,
  org: OrgId,
  model: string,
  digests: readonly string[],
): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (let start = 0; start < digests.length; start += rowsAtOnce) {
    const rows = await tables(db)
      .selectFrom('discovery_vectors')
      .select(['text_digest', 'vector'])
      .where('org', '=', org)
      .where('model', '=', model)
      .where('text_digest', 'in', digests.slice(start, start + rowsAtOnce))
      .execute();
    for (const { text_digest, vector } of rows) {
      const bytes = Uint8Array.from(vector); // a copy of its own: a view must begin at a multiple of four
      found.set(text_digest, new Float32Array(bytes.buffer));
    }
  }
  return found;
}

export async function putVectors(
  db: Db,
  org: OrgId,
  model: string,
  vectors: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const rows = [...vectors].map(([text_digest, vector]) => ({
    org,
    model,
    text_digest,
    vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
  }));
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    await tables(db)
      .insertInto('discovery_vectors')
      .values(rows.slice(start, start + rowsAtOnce))
      .onConflict((on) => on.doNothing())
      .execute();
  }
}

/** Removes everything of one organisation. */
export async function purgeVectors(db: Db, org: OrgId): Promise<void> {
  await tables(db).deleteFrom('discovery_vectors').where('org', '=', org).execute();
}
