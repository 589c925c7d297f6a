import type { BudgetPer } from '../../config/schema.ts';

/** From `start` on and before `end`, both in milliseconds since the epoch. */
export interface Period {
  start: number;
  end: number;
}

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
/** Local dates differ from those of Greenwich by no more. */
const widestMs = 15 * hourMs;
/** 1 January 1970 was a Thursday. */
const thursday = 3;

/** Says in which period a moment lies. Days are those of the time zone, however many hours they have. */
export function createCalendar(per: BudgetPer, timezone: string): (now: number) => Period {
  let last: Period = { start: 0, end: 0 };
  const periodOf = typeof per === 'object' && 'hours' in per ? fixedHours(per) : daysIn(per, timezone);
  return (now) => {
    if (now < last.start || now >= last.end) last = periodOf(now);
    return last;
  };
}

function fixedHours({ hours, from }: { hours: number; from: string }): (now: number) => Period {
  const [length, first] = [hours * hourMs, Date.parse(from)];
  return (now) => {
    const start = first + Math.floor((now - first) / length) * length;
    return { start, end: start + length };
  };
}

/** Days are numbered from 1 January 1970 on. */
function daysIn(
  per: 'day' | 'week' | 'month' | { days: number; from: string },
  timezone: string,
): (now: number) => Period {
  const format = new Intl.DateTimeFormat('en-u-ca-iso8601', {
    timeZone: timezone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  });
  const dateAt = (ms: number) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    return { year: parts.year ?? 0, month: (parts.month ?? 1) - 1, day: parts.day ?? 1 };
  };
  const dayAt = (ms: number) => {
    const { year, month, day } = dateAt(ms);
    return Date.UTC(year, month, day) / dayMs;
  };
  /** The first moment of a day: where clocks are put forward at midnight it is not 0:00. */
  const beginningOf = (day: number) => {
    let [before, after] = [day * dayMs - widestMs, day * dayMs + widestMs];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (dayAt(middle) >= day) after = middle;
      else before = middle;
    }
    return after;
  };
  const span = (first: number, next: number): Period => ({ start: beginningOf(first), end: beginningOf(next) });
  return (now) => {
    const today = dayAt(now);
    if (per === 'day') return span(today, today + 1);
    if (per === 'week') {
      const monday = today - ((today + thursday) % 7);
      return span(monday, monday + 7);
    }
    if (per === 'month') {
      const { year, month } = dateAt(now);
      return span(Date.UTC(year, month, 1) / dayMs, Date.UTC(year, month + 1, 1) / dayMs);
    }
    const from = Date.parse(per.from) / dayMs;
    const first = from + Math.floor((today - from) / per.days) * per.days;
    return span(first, first + per.days);
  };
}
