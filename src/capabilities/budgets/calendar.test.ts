import { expect, it } from 'vitest';
import { createCalendar } from './calendar.ts';

const at = (text: string) => Date.parse(text);
const told = (per: Parameters<typeof createCalendar>[0], zone: string, now: string) => {
  const { start, end } = createCalendar(per, zone)(at(now));
  return [new Date(start).toISOString(), new Date(end).toISOString()];
};

it.each([
  ['day', 'UTC', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z'],
  ['day', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'], // 23 hours
  ['day', 'Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'], // 25 hours
  ['day', 'Africa/Cairo', '2026-04-24T12:00:00Z', '2026-04-23T22:00:00.000Z', '2026-04-24T21:00:00.000Z'], // no midnight
  ['day', 'Pacific/Kiritimati', '2026-01-01T09:59:59Z', '2025-12-31T10:00:00.000Z', '2026-01-01T10:00:00.000Z'],
  ['week', 'UTC', '2026-11-29T23:59:59Z', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'], // a Sunday
  ['week', 'UTC', '2026-11-30T00:00:00Z', '2026-11-30T00:00:00.000Z', '2026-12-07T00:00:00.000Z'],
  ['month', 'America/New_York', '2026-12-31T23:30:00Z', '2026-12-01T05:00:00.000Z', '2027-01-01T05:00:00.000Z'],
  ['month', 'UTC', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
] as const)('a %s in %s at %s [CO-6]', (per, zone, now, start, end) => {
  expect(told(per, zone, now)).toEqual([start, end]);
});

it('has periods of so many days or hours, from some day or moment on and before it [CO-6]', () => {
  const fortnight = { days: 14, from: '2026-03-23' };
  expect(told(fortnight, 'Europe/Berlin', '2026-03-30T00:00:00Z')).toEqual([
    '2026-03-22T23:00:00.000Z',
    '2026-04-05T22:00:00.000Z', // the clocks were put forward meanwhile
  ]);
  expect(told(fortnight, 'UTC', '2026-03-22T23:59:59Z')).toEqual([
    '2026-03-09T00:00:00.000Z',
    '2026-03-23T00:00:00.000Z',
  ]);
  expect(told({ hours: 6, from: '2026-01-01T01:00:00+01:00' }, 'UTC', '2026-01-02T17:00:00Z')).toEqual([
    '2026-01-02T12:00:00.000Z',
    '2026-01-02T18:00:00.000Z',
  ]);
});

it('goes on to the next period by itself [CO-6]', () => {
  const periodAt = createCalendar('day', 'UTC');
  const first = periodAt(at('2026-01-01T23:59:59.999Z'));
  expect(periodAt(first.end)).toEqual({ start: first.end, end: first.end + 86_400_000 });
});
