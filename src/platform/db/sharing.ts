import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { createNames } from './prepared.ts';

/** Statements that are on their way at once: enough that the database never waits for the next. */
const mostAtOnce = 8;
const beginsTransaction = /^(?:begin|start transaction)\b/i;

interface Waiting {
  isAlone: boolean;
  grant(): void;
}

/** The one connection as it is lent by the pool, to many statements or to one transaction. */
interface Loan {
  client: Promise<PoolClient>;
  /** It is given back as soon as nobody uses it. */
  isEnding: boolean;
  isBroken: boolean;
}

/**
 * The one connection of the embedded database, for many at once. Statements by themselves are sent without waiting for the
 * answers of others: lent to one after the other, the database would wait for our event loop after each, and that is most of the
 * time while much else is done in it. Whoever begins a transaction has it alone until its end. All take turns in the order in
 * which they came.
 *
 * @param pool of one connection that sends what comes at once (`pipeline`)
 * @param waitMs who waits for longer waits for itself: a transaction that asks beside itself
 */
export function sharing(pool: Pool, waitMs: number): PostgresPool & { waiting(): number } {
  const nameOf = createNames();
  const line: Waiting[] = [];
  let shared = 0;
  let isAlone = false;
  let loan: Loan | undefined;

  const take = () => {
    while (line.length > 0) {
      const [first] = line;
      if (!first || isAlone || (first.isAlone ? shared > 0 : shared >= mostAtOnce)) return;
      // What was lent is given back when it broke, or somebody waits at the pool itself.
      if (loan && shared > 0 && (loan.isEnding || pool.waitingCount > 0)) return;
      line.shift();
      if (first.isAlone) isAlone = true;
      else shared++;
      loan ??= { client: pool.connect(), isEnding: false, isBroken: false };
      first.grant();
    }
  };

  const leave = (of: Loan, alone: boolean) => {
    if (alone) isAlone = false;
    else shared--;
    if (shared === 0 && !isAlone && (of.isEnding || line.length === 0 || pool.waitingCount > 0)) {
      loan = undefined;
      of.client.then(
        (client) => client.release(of.isBroken),
        () => undefined,
      );
    }
    take();
  };

  const turn = (alone: boolean): Promise<Loan> =>
    new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const waiting: Waiting = {
        isAlone: alone,
        grant() {
          clearTimeout(timer);
          resolve(loan as Loan);
        },
      };
      line.push(waiting);
      take();
      if (!line.includes(waiting)) return;
      timer = setTimeout(() => {
        line.splice(line.indexOf(waiting), 1);
        reject(new Error('the connection to the embedded database was waited for in vain'));
        take();
      }, waitMs);
    });

  const send = async (of: Loan, text: string, values: readonly unknown[]) => {
    try {
      const client = await of.client;
      const name = nameOf(text);
      return await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
    } catch (error) {
      if (!(error instanceof DatabaseError)) of.isEnding = true; // the connection is gone, not only the statement
      throw error;
    }
  };

  const connection = (): PostgresPoolClient => {
    let held: Loan | undefined;
    const query = async (text: string, values: readonly unknown[] = []) => {
      if (held) return await send(held, text, values);
      const isTransaction = beginsTransaction.test(text);
      const mine = await turn(isTransaction);
      if (isTransaction) {
        held = mine;
        return await send(mine, text, values);
      }
      try {
        return await send(mine, text, values);
      } finally {
        leave(mine, false);
      }
    };
    return {
      query: query as never, // cursors are not used here
      release(destroy) {
        if (!held) return;
        const mine = held;
        held = undefined;
        if (destroy) mine.isBroken = true;
        if (destroy) mine.isEnding = true;
        leave(mine, true);
      },
    };
  };

  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => connection(),
    waiting: () => line.length + pool.waitingCount,
  };
}
