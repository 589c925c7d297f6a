import type { Clock } from '../../../kernel/clock.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { type ConnectionRow, listAllConnections } from './store.ts';

/** A connection as it may be shown: never a token. Times are milliseconds since the epoch. */
export interface ConnectionStatus {
  org: OrgId;
  upstream: string;
  subject: string;
  /** What people call whoever it is of. */
  who: string;
  account?: string;
  scopes: string[];
  /** `expired`: its token ran out, and nothing renews it. */
  state: 'connected' | 'expired' | 'refused' | 'needs_sign_in';
  /** Why it is not connected. */
  reason?: string;
  /** When its token runs out. */
  expiresAt?: number;
  /** Whether it is renewed by itself. */
  renews: boolean;
  /** What will soon have to be done. */
  warning?: string;
  connectedAt: number;
  lastUsedAt?: number;
  lastRefreshedAt?: number;
}

/** So long before the end of a connection that is not renewed somebody is told. */
const warnMs = 24 * 60 * 60_000;

export function createReport({ db, clock, log }: { db: Db; clock: Clock; log: Log }) {
  const told = new Map<string, number>();

  const statusOf = (row: ConnectionRow): ConnectionStatus => {
    const {
      org,
      upstream,
      subject,
      who,
      account,
      scopes,
      reason,
      expiresAt,
      connectedAt,
      lastUsedAt,
      lastRefreshedAt,
    } = row;
    const now = clock.now();
    const renews = row.state === 'connected' && row.refreshToken !== undefined;
    const isOver = row.state === 'connected' && !renews && expiresAt !== undefined && expiresAt <= now;
    const state = isOver ? 'expired' : row.state;
    const endsSoon = state === 'connected' && !renews && expiresAt !== undefined && expiresAt - now < warnMs;
    const warning = endsSoon
      ? `It ends at ${new Date(expiresAt).toISOString()} and is not renewed by itself: connect again before.`
      : state === 'connected'
        ? undefined
        : 'It has to be connected again.';
    return {
      org,
      upstream,
      subject,
      who,
      ...(account === undefined ? {} : { account }),
      scopes,
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      renews,
      ...(warning === undefined ? {} : { warning }),
      connectedAt,
      ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
      ...(lastRefreshedAt === undefined ? {} : { lastRefreshedAt }),
    };
  };

  return {
    statusOf,
    /** Says once, for each connection, that it will end or has ended. */
    async warn(): Promise<void> {
      for (const row of await listAllConnections(db)) {
        const { warning, org, upstream, subject, state } = statusOf(row);
        const key = JSON.stringify([org, upstream, subject, state]);
        if (warning === undefined || told.get(key) === row.generation) continue;
        told.set(key, row.generation);
        log.warn({ org, upstream, subject, state }, `a connection: ${warning}`);
      }
    },
  };
}
