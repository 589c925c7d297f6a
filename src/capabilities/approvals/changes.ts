import type { OrgId } from '../../kernel/principal.ts';
import type { Bus } from '../../platform/bus/index.ts';

const topic = 'approvals.changed';
const lookAgainMs = 1_000;

/** That something happened to an approval, on any server. */
export interface Changes {
  tell(org: OrgId, id: string): void;
  /** Told of each approval that something happened to. Returns the way to stop listening. */
  onChange(listener: (org: OrgId, id: string) => void): () => void;
  /** Resolves when something happened to the approval, after a while at the latest, or when the signal aborts. */
  news(org: OrgId, id: string, signal: AbortSignal, withinMs?: number): Promise<void>;
}

export function createChanges(bus: Bus): Changes {
  const onChange: Changes['onChange'] = (listener) =>
    bus.subscribe(topic, (message) => {
      const { org, id } = message as { org?: unknown; id?: unknown };
      if (typeof org === 'string' && typeof id === 'string') listener(org, id);
    });
  return {
    tell(org, id) {
      void bus.publish(topic, { org, id }).catch(() => undefined); // whoever waits looks for itself, too
    },
    onChange,
    async news(org, id, signal, withinMs = lookAgainMs) {
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      const end = onChange((changedOrg, changed) => {
        if (changedOrg === org && changed === id) wake();
      });
      const timer = setTimeout(wake, withinMs);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      end();
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
    },
  };
}
