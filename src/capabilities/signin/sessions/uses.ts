import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { noteUses, type Use } from './store.ts';

const flushMs = 60_000;

/** When tokens were last used: kept in memory, written together once a minute, lost with the process. */
export interface TokenUses {
  note(org: OrgId, subject: string, clientId: string, atMs: number): void;
  /** What was noted here and is not yet written. */
  pending(org: OrgId, subject: string, clientId: string): number | undefined;
  start(): void;
  stop(): Promise<void>;
}

export function createTokenUses({ db, log }: { db: Db; log: Log }): TokenUses {
  let noted = new Map<string, Use>();
  let timer: NodeJS.Timeout | undefined;
  const keyOf = (org: OrgId, subject: string, clientId: string) => `${org} ${subject} ${clientId}`;

  async function flush(): Promise<void> {
    if (noted.size === 0) return;
    const writing = noted;
    noted = new Map();
    try {
      await noteUses(db, [...writing.values()]);
    } catch (error) {
      log.warn({ err: error }, 'the last uses of tokens could not be written; they are tried again later');
      for (const [key, use] of writing) if (!noted.has(key)) noted.set(key, use);
    }
  }

  return {
    note(org, subject, clientId, at) {
      const key = keyOf(org, subject, clientId);
      const use = noted.get(key);
      if (use) use.at = at;
      else noted.set(key, { org, subject, clientId, at });
    },
    pending: (org, subject, clientId) => noted.get(keyOf(org, subject, clientId))?.at,
    start() {
      timer = setInterval(() => void flush(), flushMs);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}
