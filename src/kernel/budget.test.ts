import { expect, it, vi } from 'vitest';
import { startCallClock, type TimeLimit } from './budget.ts';

function frozen() {
  vi.useFakeTimers();
  return { [Symbol.dispose]: () => void vi.useRealTimers() };
}

const expired = (by: TimeLimit) => new Error(`expired by its ${by}`);

it('stands still while any question is open [SP-11]', () => {
  using _ = frozen();
  const clock = startCallClock(1_000, undefined, expired);
  vi.advanceTimersByTime(600);
  const [first, second] = [clock.pause(), clock.pause()];
  vi.advanceTimersByTime(5_000);
  first();
  first();
  vi.advanceTimersByTime(5_000);
  expect(clock.remainingMs()).toBe(400);
  second();
  vi.advanceTimersByTime(399);
  expect(clock.signal.aborted).toBe(false);
  vi.advanceTimersByTime(2);
  expect(clock.signal.reason).toEqual(expired('budget'));
});

it('keeps the deadline through every pause [SP-11]', () => {
  using _ = frozen();
  const clock = startCallClock(60_000, Date.now() + 1_000, expired);
  expect(clock.remainingMs()).toBe(1_000);
  clock.pause();
  vi.advanceTimersByTime(1_001);
  expect(clock.signal.reason).toEqual(expired('deadline'));
});

it('does not go on when it was stopped', () => {
  using _ = frozen();
  const clock = startCallClock(1_000, Date.now() + 2_000, expired);
  const resume = clock.pause();
  clock.stop();
  resume();
  vi.advanceTimersByTime(10_000);
  expect(clock.signal.aborted).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
