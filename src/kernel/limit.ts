/** How one limit stands that a call is counted by. */
export interface LimitStanding {
  /** Name of the rule, with what of it is meant where it limits in several ways: `agents.window`. */
  rule: string;
  kind: 'rate' | 'window' | 'concurrency';
  /** Calls each period, or at once. */
  limit: number;
  /** Length of the period; none for concurrency. */
  periodSeconds?: number;
  /** Calls that there is room for now, this one not counted any more. */
  remaining: number;
  /** Until all of it is there again, if nobody calls; none for concurrency. */
  resetSeconds?: number;
}
