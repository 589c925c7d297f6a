import { expect } from 'vitest';
import type { Answer, World } from './world.ts';

/** One way to get what is nobody's to give: the name says what is tried, and `run` throws unless it is refused. */
export interface Attack {
  name: string;
  run(world: World): Promise<void>;
  /** What it may change although it fails: names of what is compared, and why is said beside it. */
  mayChange?: readonly string[];
}

/** Nothing that was sent counts as done: an error of the caller, told as a problem, and nothing of what is inside. */
export function refused(answer: Answer, statuses: readonly number[] = [400, 401, 403, 404, 405, 409, 413, 415, 422]) {
  expect(statuses, answer.text.slice(0, 500)).toContain(answer.status);
  expect(answer.text).not.toMatch(/\bat .*\.(ts|js):\d+|\/node_modules\/|\/src\/|syntax error at or near/);
}

/** Statuses of every answer on a connection, in order. */
export const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
