import { type RawBuilder, sql } from 'kysely';
import { storable } from '../../../../kernel/json.ts';
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

const storableMetadata = (metadata: NonNullable<Filters['metadata']>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [
        storable(name),
        typeof value === 'string' ? storable(value) : value,
      ]),
    ),
  );
