import type { Server } from '@modelcontextprotocol/server';
import type { CallEnd } from '../../kernel/call.ts';
import { isObject } from '../../kernel/json.ts';

const urlElicitation = -32_042;
const keptMs = 20 * 60_000;
const mostKept = 10_000;

/** Who was sent to which page, so that whoever waits there is told when somebody is done with it. */
export interface Visits {
  note(server: Server, end: CallEnd): void;
  done(elicitationId: string): void;
}

export function createVisits(): Visits {
  const sent = new Map<string, { servers: Set<Server>; until: number }>();

  return {
    note(server, { rpc }) {
      if (rpc?.code !== urlElicitation || !isObject(rpc.data) || !Array.isArray(rpc.data.elicitations)) return;
      const now = Date.now();
      if (sent.size >= mostKept) for (const [id, { until }] of sent) if (until < now) sent.delete(id);
      if (sent.size >= mostKept) return;
      for (const one of rpc.data.elicitations) {
        if (!isObject(one) || typeof one.elicitationId !== 'string') continue;
        const known = sent.get(one.elicitationId)?.servers ?? new Set();
        known.add(server);
        sent.set(one.elicitationId, { servers: known, until: now + keptMs });
      }
    },
    done(elicitationId) {
      const waiting = sent.get(elicitationId)?.servers ?? [];
      sent.delete(elicitationId);
      const notice = { method: 'notifications/elicitation/complete', params: { elicitationId } };
      // Whoever has gone meanwhile calls again by itself.
      for (const server of waiting) server.notification(notice).catch(() => undefined);
    },
  };
}
