import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { isObject, type JsonObject, storable } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import { readKept } from './kept.ts';
import type { Position, RecordRow } from './rows.ts';
import { pageByTime, readRecord } from './store.ts';
import type { AuditFilter, AuditPage, AuditRecord, CallSpan, KeptCall } from './types.ts';

export const maxPage = 500;
/** A page is parsed at one go, while other work waits. */
const callsPage = 200;

/** @throws InvalidRequest */
export async function listRecords(
  db: Db,
  org: OrgId,
  filter: AuditFilter,
  cursor: string | undefined,
  limit: number,
): Promise<AuditPage> {
  const size = Math.min(Math.max(1, Math.trunc(limit) || 1), maxPage);
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const rows = await pageByTime(db, org, asStored(filter), 'desc', after, size + 1);
  const last = rows.length > size ? rows[size - 1] : undefined;
  return { records: rows.slice(0, size).map(toRecord), ...(last ? { next: writeCursor(last) } : {}) };
}

/** @throws NotFound */
export async function getRecord(db: Db, org: OrgId, id: string): Promise<AuditRecord> {
  const row = await readRecord(db, org, storable(id));
  if (!row) throw NotFound({ what: 'audit record', id });
  return toRecord(row);
}

export async function* exportRecords(db: Db, org: OrgId, filter: AuditFilter, now: number): AsyncGenerator<string> {
  const bounded = { ...asStored(filter), until: Math.min(filter.until ?? Number.POSITIVE_INFINITY, now + 1) };
  let after: Position | undefined;
  for (;;) {
    const rows = await pageByTime(db, org, bounded, 'asc', after, maxPage);
    for (const row of rows) yield JSON.stringify(toRecord(row));
    after = rows.at(-1);
    if (rows.length < maxPage) return;
  }
}

export async function* callPages(db: Db, org: OrgId, span: CallSpan, now: number): AsyncGenerator<KeptCall[]> {
  const until = Math.min(span.until ?? Number.POSITIVE_INFINITY, now + 1);
  const filter: AuditFilter = { kind: 'call', until, ...(span.since === undefined ? {} : { since: span.since }) };
  let after: Position | undefined;
  for (;;) {
    const rows = await pageByTime(db, org, filter, 'desc', after, callsPage);
    yield rows.map(({ body }) => readKept(body)).filter((kept): kept is KeptCall => kept.kind === 'call');
    after = rows.at(-1);
    if (rows.length < callsPage) return;
  }
}

/** Text in the place of what is not kept says so by its digest, which then is that of another value. */
export function wholeArguments(
  {
    arguments: kept,
    argumentsBytes,
    argumentsDigest,
  }: Pick<KeptCall, 'arguments' | 'argumentsBytes' | 'argumentsDigest'>,
  digest: (value: unknown) => string | undefined,
): JsonObject | undefined {
  if (argumentsBytes !== undefined || argumentsDigest === undefined || !isObject(kept)) return undefined;
  return digest(kept) === argumentsDigest ? (kept as JsonObject) : undefined;
}

function toRecord({ seq, hash, body }: RecordRow): AuditRecord {
  return { seq, hash, ...readKept(body) };
}

function asStored(filter: AuditFilter): AuditFilter {
  const { tool, principal, parent } = filter;
  return {
    ...filter,
    ...(tool === undefined ? {} : { tool: storable(tool) }),
    ...(principal === undefined ? {} : { principal: storable(principal) }),
    ...(parent === undefined ? {} : { parent: storable(parent) }),
  };
}

function writeCursor({ at, seq }: Position): string {
  return Buffer.from(`${at}.${seq}`).toString('base64url');
}

function readCursor(cursor: string): Position {
  const [, at, seq] = /^(\d{1,15})\.(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || seq === undefined) throw InvalidRequest({ faults: 'the cursor is not one that a list gave' });
  return { at: Number(at), seq: Number(seq) };
}
