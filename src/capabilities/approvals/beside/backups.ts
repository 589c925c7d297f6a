import type { MadeBackup, ToolCaller } from '../../../kernel/call.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { newId } from '../../../kernel/ids.ts';
import { storable } from '../../../kernel/json.ts';
import { valueAt } from '../../../kernel/pointer.ts';
import type { OrgId, Principal } from '../../../kernel/principal.ts';
import { passed } from '../../../kernel/steps.ts';
import type { Db } from '../../../platform/db/index.ts';
import { nobody } from '../again.ts';
import type { ResolvedCall } from '../binding.ts';
import { BackupFailed } from '../errors.ts';
import { getApproval } from '../store.ts';
import { argumentsFor, cameOf, type DeclaredBackup, structuredOf } from './declared.ts';
import { keepBackup } from './store.ts';

export interface BackupsDeps {
  db: Db;
  clock: Clock;
  caller: ToolCaller;
  /** What is declared to be saved before a call, if anything is. */
  backupOf(call: ResolvedCall): DeclaredBackup | undefined;
  /** This server itself, in an organisation. */
  house(org: OrgId): Principal;
}

export interface Backups {
  /** The tool that is declared to save first; undefined where none is. */
  declaredFor(call: ResolvedCall): string | undefined;
  /**
   * Saves what a call is going to change, if that is declared, between its claim and its dispatch; what was saved is with the
   * approval, durably, when it resolves. @throws BackupFailed
   */
  before(call: ResolvedCall, approval: string): Promise<MadeBackup | undefined>;
}

const longestId = 500;

/** Has something saved before an approved call is made. */
export function createBackups({ db, clock, caller, backupOf, house }: BackupsDeps): Backups {
  async function make(call: ResolvedCall, declared: DeclaredBackup): Promise<MadeBackup> {
    const { tool, timeoutMs, as, id: pointer } = declared;
    const { id: parentCallId, surface, endpoint, clientAddress, signal } = call;
    const own = as === 'caller';
    const reply = await caller.call({
      id: newId('call'),
      principal: own ? call.principal : house(call.principal.org),
      surface,
      operation: 'tool',
      target: tool,
      arguments: argumentsFor(declared, call.arguments),
      link: nobody,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      deadline: clock.now() + timeoutMs,
      parentCallId,
      beside: 'backup',
      // An endpoint is what its callers may choose from, and not the house.
      ...(own && endpoint !== undefined ? { endpoint } : {}),
      ...(clientAddress === undefined ? {} : { clientAddress }),
    });
    const came = cameOf(reply);
    const { callId } = came;
    if ('failed' in came) return { tool, callId, failed: storable(came.failed) };
    const id = valueAt(structuredOf(came.result), pointer);
    const isId = (typeof id === 'string' && id !== '' && id.length <= longestId) || typeof id === 'number';
    if (!isId) return { tool, callId, failed: `its result has no id at ${pointer}` };
    return { tool, callId, id: storable(String(id)) };
  }

  return {
    declaredFor: (call) => backupOf(call)?.tool,
    async before(call, approval) {
      const { org } = call.principal;
      const kept = (await getApproval(db, org, approval))?.backup;
      // Made before an earlier run, whose server died: what it saved is how things were before either.
      if (kept?.id !== undefined) return kept;
      const declared = backupOf(call);
      if (!declared) {
        if (!kept) return undefined;
        throw BackupFailed({ tool: kept.tool, reason: 'it is not declared any more, and was when this was approved' });
      }
      const made = await make(call, declared);
      const isKept = await keepBackup(db, org, approval, call.id, made);
      call.signal.throwIfAborted(); // once it is known where to find it
      if (made.failed !== undefined && declared.required) throw BackupFailed({ tool: made.tool, reason: made.failed });
      if (!isKept) throw BackupFailed({ tool: made.tool, reason: 'the call was taken for lost meanwhile' });
      passed('approval.backed_up', approval);
      return made;
    },
  };
}
