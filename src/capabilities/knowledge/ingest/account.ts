import type { Clock } from '../../../kernel/clock.ts';
import { newId } from '../../../kernel/ids.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { beginRun, forgetRuns, type RunCounts, type RunNews, type RunProblem, tellRun } from './store.ts';

/** The durable account of one run, kept up to date while it goes on. */
export interface Account {
  counts: RunCounts;
  problem(uri: string, reason: string): void;
  /** Left out on purpose. */
  skipped(uri: string, reason: string): void;
  problems: RunProblem[];
  /** Aborts when another replica took this run for gone and began its own. */
  lost: AbortSignal;
  end(news: Omit<RunNews, 'counts' | 'problems'>): Promise<void>;
}

export interface AccountDeps {
  db: Db;
  clock: Clock;
  log: Log;
  replica: string;
  /** A run whose replica has not been seen for so long is over. */
  goneAfterMs: number;
}

const beatMs = 1_000;
const keptProblems = 200;
const keptRuns = 20;

/** Begins a run over a source; undefined when somebody is at it. `onBeat` is awaited with each sign of life. */
export async function openAccount(
  { db, clock, log, replica, goneAfterMs }: AccountDeps,
  { org, collection, source }: { org: OrgId; collection: number; source: string },
  onBeat: () => Promise<void>,
): Promise<Account | undefined> {
  const now = clock.now();
  const id = newId('run', now);
  if (!(await beginRun(db, org, { id, collection, source, replica }, now, now - goneAfterMs))) return undefined;

  const counts: RunCounts = { seen: 0, added: 0, changed: 0, unchanged: 0, removed: 0, skipped: 0, failed: 0 };
  const problems: RunProblem[] = [];
  const lost = new AbortController();
  const tell = async (news: Omit<RunNews, 'counts' | 'problems'> = {}) => {
    await onBeat();
    if (!(await tellRun(db, org, id, { counts, problems, ...news }, clock.now()))) lost.abort();
  };
  const note = (uri: string, reason: string) => {
    if (problems.length < keptProblems) problems.push({ uri: uri.slice(0, 1_000), reason: reason.slice(0, 500) });
  };
  let telling = Promise.resolve();
  const beat = setInterval(() => {
    telling = telling
      .then(() => tell())
      .catch((err: unknown) => log.debug({ err }, 'a run could not tell how far it is'));
  }, beatMs);

  return {
    counts,
    problems,
    lost: lost.signal,
    problem(uri, reason) {
      counts.failed += 1;
      note(uri, reason);
    },
    skipped(uri, reason) {
      counts.skipped += 1;
      note(uri, reason);
    },
    async end(news) {
      clearInterval(beat);
      await telling;
      await tell(news);
      await forgetRuns(db, org, collection, source, keptRuns);
    },
  };
}
