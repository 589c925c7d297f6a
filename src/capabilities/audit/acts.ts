import type { Clock } from '../../kernel/clock.ts';
import { asFairleadError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { ActIntent, ActRecord, Audit } from './types.ts';

export interface ActsDeps {
  audit: Pick<Audit, 'reserve' | 'intend' | 'record'>;
  clock: Clock;
  log: Log;
}

/** What is known of an act by now; filled in while it runs, so that a refusal tells as much as could be read. */
export interface ActNotes extends Pick<ActIntent, 'org' | 'principal' | 'action' | 'subject' | 'detail'> {
  clientAddress?: string | undefined;
}

export interface Acts {
  /**
   * Runs an administrative act and leaves its record, whatever came of it: `ok`, `denied` where the caller may not, or
   * `failed`. Nothing is done when the audit has no place. `run` must await `intend` before it changes anything: then
   * a crash in the middle leaves a record too. Rejects with what `run` throws, or with AuditQueueFull or
   * AuditUnavailable when intent or record could not be kept.
   */
  perform<T>(notes: ActNotes, run: (intend: () => Promise<void>) => Promise<T>): Promise<T>;
}

export function createActs({ audit, clock, log }: ActsDeps): Acts {
  return {
    async perform(notes, run) {
      const place = audit.reserve();
      const at = clock.now();
      const id = newId('act', at);
      const intent = (): ActIntent => {
        const { org, principal, action, subject, detail, clientAddress } = notes;
        const told = clientAddress === undefined ? detail : { ...detail, clientAddress };
        return { id, org, at, kind: 'act', principal, action, subject, detail: told };
      };
      const record = (end: Pick<ActRecord, 'outcome' | 'errorCode'>) => audit.record(place, { ...intent(), ...end });

      let done: Awaited<ReturnType<typeof run>>;
      try {
        done = await run(() => audit.intend(place, intent()));
      } catch (thrown) {
        const { code, spec } = asFairleadError(thrown);
        const refused = spec.category === 'permission' || spec.category === 'authentication';
        await record({ outcome: refused ? 'denied' : 'failed', errorCode: code }).catch((error) => {
          log.error({ err: thrown, orgId: notes.org }, 'an act failed, and its record could not be kept');
          throw error;
        });
        throw thrown;
      }
      await record({ outcome: 'ok' });
      return done;
    },
  };
}
