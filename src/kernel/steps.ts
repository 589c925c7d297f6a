import { channel } from 'node:diagnostics_channel';

const steps = channel('fairlead.steps');

/** A step of a call after which nothing is as before: what it leaves is durable, or out of the house. */
export type StepName =
  | 'approval.parked'
  | 'approval.decided'
  | 'approval.claimed'
  | 'approval.backed_up'
  | 'call.intended'
  | 'call.dispatched'
  | 'call.answered'
  | 'approval.ended';

/** Says that a step is behind a call, for whoever listens on the diagnostics channel `fairlead.steps`. It costs nothing otherwise. */
export function passed(step: StepName, id: string): void {
  if (steps.hasSubscribers) steps.publish({ step, id });
}
