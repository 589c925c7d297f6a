import type { CallerLink } from '../kernel/call.ts';
import type { CallState } from './stages/stage.ts';
import type { AuditTrail } from './trail.ts';

/** The way back to the caller of this call: what it is asked and answers is in the audit before anybody acts on it. */
export function notedLink(state: CallState, trail: AuditTrail): CallerLink {
  const { link } = state.call;
  return {
    ...link,
    async ask(request, signal) {
      state.asked = true;
      const asked = trail.ask(state, request);
      const answer = await link.ask(request, signal).catch((error: unknown) => {
        asked.unanswered(error instanceof Error ? error.message : String(error));
        throw error;
      });
      await asked.answered(answer);
      return answer;
    },
  };
}
