import { type RawBuilder, sql } from 'kysely';
import type { Language } from '../../types.ts';

/** Restrictions of a search beside who asks; what is left out restricts nothing. */
export interface Filters {
  languages?: readonly Language[];
  /** The URI of the document begins so. */
  uriPrefix?: string;
  changedSince?: Date;
  changedBefore?: Date;
  /** All of it stands in the document's metadata. */
  metadata?: Record<string, string | number | boolean>;
  /** Its source was seen to have it so at this time or later. */
  confirmedSince?: Date;
}

/** What has to hold of a row `d` of the documents; languages apart, which passages know themselves. */
export function documentConditions(filters: Filters): RawBuilder<unknown>[] {
  const { uriPrefix, changedSince, changedBefore, confirmedSince, metadata } = filters;
  return [
    ...(uriPrefix === undefined ? [] : [sql`starts_with(d.uri, ${storable(uriPrefix)})`]),
    ...(changedSince ? [sql`d.changed_at >= ${changedSince}`] : []),
    ...(changedBefore ? [sql`d.changed_at < ${changedBefore}`] : []),
    ...(confirmedSince ? [sql`d.confirmed_at >= ${confirmedSince}`] : []),
    ...(metadata ? [sql`d.metadata @> ${storableMetadata(metadata)}::jsonb`] : []),
  ];
}

/** Postgres keeps neither a NUL nor half a sign in a text: what has one is equal to nothing that is stored. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

const storableMetadata = (metadata: NonNullable<Filters['metadata']>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [
        storable(name),
        typeof value === 'string' ? storable(value) : value,
      ]),
    ),
  );
