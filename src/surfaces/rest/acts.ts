import type { Audit } from '../../capabilities/audit/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { asFairleadError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Log } from '../../platform/telemetry/index.ts';

export interface ActsDeps {
  audit: Pick<Audit, 'reserve' | 'act'>;
  clock: Clock;
  log: Log;
}

/** What is known of an act by now; filled in while it runs, so that a refusal tells as much as could be read. */
export interface ActNotes {
  action: string;
  principal: Principal;
  clientAddress: string | undefined;
  /** Whose chain keeps the record. */
  org: OrgId;
  subject: string;
  detail: JsonObject;
}

export interface Acts {
  /**
   * Runs an administrative act and leaves its record, whatever came of it: `ok`, `denied` where the caller may not, or
   * `failed`. Nothing is done when the audit has no place. Rejects with what `run` throws, or with AuditQueueFull or
   * AuditUnavailable when the record could not be kept.
   */
  perform<T>(notes: ActNotes, run: () => Promise<T>): Promise<T>;
}

export function createActs({ audit, clock, log }: ActsDeps): Acts {
  const record = async (notes: ActNotes, outcome: 'ok' | 'denied' | 'failed', detail: JsonObject) => {
    const { principal, org, subject, action, clientAddress } = notes;
    const { id, name, kind, roles, credential } = principal;
    await audit.act({
      org,
      at: clock.now(),
      kind: 'act',
      principal: { id, name, kind, roles, credential },
      action,
      subject,
      detail: { ...detail, ...(clientAddress === undefined ? {} : { clientAddress }) },
      outcome,
    });
  };

  return {
    async perform(notes, run) {
      const place = audit.reserve();
      let done: Awaited<ReturnType<typeof run>>;
      try {
        done = await run();
      } catch (thrown) {
        const { code, spec } = asFairleadError(thrown);
        const refused = spec.category === 'permission' || spec.category === 'authentication';
        place.release(); // `act` takes it again before anybody else can
        await record(notes, refused ? 'denied' : 'failed', { ...notes.detail, errorCode: code }).catch((error) => {
          log.error({ err: thrown, orgId: notes.org }, 'an act failed, and its record could not be kept');
          throw error;
        });
        throw thrown;
      }
      place.release();
      await record(notes, 'ok', notes.detail);
      return done;
    },
  };
}
