import { z } from 'zod';
import { eventPattern } from '../kernel/events.ts';

const events = z
  .array(z.string().regex(eventPattern, 'must be a type such as approval.requested, or end with a star: approval.*'))
  .min(1)
  .max(100)
  .describe('Types of events; * at the end stands for any rest');

/** What every destination has, whatever its type. */
export const destinationBase = {
  events: events.default(['*']),
  timeoutSeconds: z.int().min(1).max(60).default(10).describe('How long one try may take'),
  attempts: z
    .int()
    .min(1)
    .max(30)
    .default(10)
    .describe('Tries before an event is a dead letter; as it is usually, it is given up after about ten hours'),
  firstRetrySeconds: z
    .number()
    .min(0.1)
    .max(3_600)
    .default(5)
    .describe('How long until the second try; three times as long until each further one, and six hours at most'),
};
