import type { OrgId } from '../../../kernel/principal.ts';
import type { Db } from '../../../platform/db/types.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { type Asking, applyToLedger, type Balance, type Demand, type Ending, type Granting } from './store.ts';

/** The accounts, as one replica comes to them. */
export interface Ledger {
  /**
   * Holds what a call may cost: of all its accounts, or of none.
   * @param hold an id that was never used before
   * @throws what the database throws, or when it does not answer in time: nothing is held then, or not for long
   */
  hold(org: OrgId, hold: string, call: string, demands: readonly Demand[]): Promise<Granting>;
  /**
   * Ends a hold with what the call has cost. Goes to the database before anything that is asked after it, and is tried until it
   * got there: once, whatever happens meanwhile.
   * @param told how the account stands then; not called for a hold that is not there any more
   */
  end(org: OrgId, ending: Ending, told?: (balance: Balance) => void): void;
  /** Resolves when all that was ended is in the database, or after `withinMs`; says which. */
  flush(withinMs: number): Promise<boolean>;
  stop(withinMs: number): Promise<void>;
}

interface Asked extends Asking {
  since: number;
  resolve(granting: Granting): void;
  reject(error: unknown): void;
}

interface Ended extends Ending {
  told?: (balance: Balance) => void;
}

interface Lane {
  endings: Ended[];
  askings: Asked[];
  /** When the statement began that is under way. */
  busySince?: number;
  retry?: NodeJS.Timeout;
}

const mostTogether = 100;
/** Nobody waits longer for a statement, or behind one. */
const patienceMs = 5_000;
const retryMs = 500;
const pollMs = 20;

/**
 * One statement at a time for each organisation, with all that has come meanwhile: calls that are paid from one account would
 * wait for its row one after the other, with a connection and a commit each.
 */
export function createLedger({ db, replica, log }: { db: Db; replica: string; log: Log }): Ledger {
  const lanes = new Map<OrgId, Lane>();
  let ending = 0;
  let isStopped = false;

  const laneOf = (org: OrgId): Lane => {
    const lane = lanes.get(org) ?? { endings: [], askings: [] };
    lanes.set(org, lane);
    return lane;
  };

  /** Whether they are held is not known, or nobody waits for them any more: then they are not, from now on. */
  const giveBack = (org: OrgId, askings: readonly Asking[]) => {
    for (const { id, demands } of askings)
      for (const { key, period } of demands) api.end(org, { id, key, period, amount: 0 });
  };

  const apply = async (org: OrgId, endings: readonly Ended[], askings: readonly Asked[]) => {
    try {
      const { ended, granted } = await applyToLedger(db, org, replica, endings, askings);
      ending -= endings.length;
      endings.forEach(({ told }, at) => {
        const balance = ended[at];
        if (balance) told?.(balance);
      });
      askings.forEach(({ resolve, reject }, at) => {
        const one = granted[at];
        if (one) resolve(one);
        else reject(new Error('the ledger did not answer'));
      });
      return true;
    } catch (error) {
      for (const { reject } of askings) reject(error);
      if (isUnfit(error) && endings.length > 0) {
        giveBack(org, askings);
        if (endings.length > 1) for (const one of endings) await apply(org, [one], []);
        else {
          ending--;
          log.error({ err: error, hold: endings[0]?.id }, 'what a call cost cannot be kept, and is not counted');
        }
        return true;
      }
      if (endings.length > 0)
        log.warn({ err: error, endings: endings.length }, 'what calls cost waits for the database');
      ending -= endings.length; // counted anew below
      for (const { told, ...one } of endings) api.end(org, one, told);
      giveBack(org, askings);
      return false;
    }
  };

  const drain = async (org: OrgId, lane: Lane) => {
    const startedAt = performance.now();
    lane.busySince = startedAt;
    const endings = lane.endings.splice(0, mostTogether);
    const askings: Asked[] = [];
    for (const one of lane.askings.splice(0, mostTogether)) {
      if (startedAt - one.since < patienceMs) askings.push(one);
      else one.reject(new Error('waited too long for the ledger'));
    }
    const isWell = endings.length + askings.length === 0 || (await apply(org, endings, askings));
    if (lane.busySince !== startedAt) return; // another one has gone past it
    delete lane.busySince;
    if (lane.endings.length + lane.askings.length === 0) lanes.delete(org);
    else if (isWell || lane.askings.length > 0) void drain(org, lane);
    else later(org, lane);
  };

  const later = (org: OrgId, lane: Lane) => {
    if (lane.retry || isStopped) return;
    lane.retry = setTimeout(() => {
      delete lane.retry;
      if (lane.busySince === undefined) void drain(org, lane);
    }, retryMs);
    lane.retry.unref();
  };

  const api: Ledger = {
    hold(org, id, call, demands) {
      const lane = laneOf(org);
      const { promise, resolve, reject } = Promise.withResolvers<Granting>();
      const since = performance.now();
      const timer = setTimeout(() => reject(new Error('the ledger does not answer')), patienceMs);
      let isWaiting = true;
      const settled = () => {
        clearTimeout(timer);
        isWaiting = false;
      };
      promise.then(settled, settled);
      lane.askings.push({
        ...{ id, call, demands, since, reject },
        resolve(granting) {
          if (isWaiting) resolve(granting);
          else if (granting.granted) giveBack(org, [{ id, call, demands }]);
        },
      });
      // A statement that hangs does not hold up the others.
      if (lane.busySince === undefined || since - lane.busySince > patienceMs) void drain(org, lane);
      return promise;
    },
    end(org, one, told) {
      const lane = laneOf(org);
      ending++;
      lane.endings.push({ ...one, ...(told ? { told } : {}) });
      // In the next turn: the accounts of one call are ended together.
      if (lane.busySince === undefined && !lane.retry)
        queueMicrotask(() => {
          if (lane.busySince === undefined && lane.endings.length > 0) void drain(org, lane);
        });
    },
    async flush(withinMs) {
      const until = performance.now() + withinMs;
      while (ending > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, pollMs));
      return ending === 0;
    },
    async stop(withinMs) {
      const isWhole = await api.flush(withinMs);
      isStopped = true;
      for (const { retry } of lanes.values()) clearTimeout(retry);
      if (!isWhole) log.warn({ endings: ending }, 'what some calls cost did not reach the database');
    },
  };
  return api;
}

/** Whether a value is what the database refuses (SQLSTATE class 22), however often it is tried. */
function isUnfit(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('22');
}
