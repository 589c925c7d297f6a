import type { Pool } from 'pg';

/** What is in every table, and what ran, each as something that can be compared. */
export type Kept = Readonly<Record<string, string>>;

/** Tables that change although nothing was achieved, and why that is as it should be. */
const changing: Record<string, string> = {
  audit_records: 'refusals are recorded',
  audit_heads: 'so their chain grows',
  audit_checkpoints: 'likewise',
  audit_intents: 'likewise',
  audit_lives: 'a sign of life of the server',
  approvals: 'compared by its decisions and states below',
  catalog_standings: 'latencies that were seen',
  discovery_vectors: 'made in the background',
  events: 'requests that wait are told; what hooks bring is compared below',
  event_deliveries: 'likewise, tried in the background',
  idempotency_keys: 'a call that failed keeps its key',
  knowledge_gaps: 'questions asked in vain',
  limit_counters: 'what is counted',
  limit_leases: 'what runs',
  limit_replicas: 'a sign of life of the server',
  signin_attempts: 'tries are counted',
  signin_clients: 'anybody may register a program',
  signin_client_resources: 'likewise',
  signin_client_assertions: 'each counts once',
  signin_device_codes: 'anybody may ask for one',
  signin_verifications: 'an authorization that was begun',
  signin_uses: 'when something was last used',
  usage_days: 'figures that are added up out of the audit, in the background',
  usage_positions: 'how far that is',
  upstreams_seen: 'when something was last listed',
};

/** Columns that say when something was last seen. */
const seen = ['last_used_at', 'last_used_from', 'seen_at', 'updated_at', 'updatedAt', 'last_seen_at'];

let statement: string | undefined;

export async function keptOf(pool: Pool, beside: Record<string, number>): Promise<Kept> {
  statement ??= await statementFor(pool);
  const { rows } = await pool.query<{ name: string; digest: string }>(statement);
  return {
    ...Object.fromEntries(rows.map(({ name, digest }) => [name, digest])),
    ...Object.fromEntries(Object.entries(beside).map(([name, count]) => [name, String(count)])),
  };
}

async function statementFor(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1",
  );
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const without = seen.map((column) => `'${column}'`).join(', ');
  const tables = rows.map(({ name }) => name).filter((name) => !(name in changing));
  return [
    ...tables.map(
      (name) =>
        `select '${name}' as name, count(*) || ' ' || coalesce(md5(string_agg(line, ' ' order by line)), '') as digest
         from (select (to_jsonb(t) - array[${without}])::text as line from ${quoted(name)} t) lines`,
    ),
    // What was decided, whatever was asked besides.
    "select 'hook events', count(*)::text from events where type like 'hook.%'",
    "select 'approvals decided', count(*)::text from approvals where state not in ('pending', 'expired', 'void')",
  ].join(' union all ');
}

/** What differs, by name, or nothing. */
export function differences(before: Kept, after: Kept): string[] {
  return Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
}
