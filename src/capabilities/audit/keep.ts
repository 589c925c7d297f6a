import { OutcomeUnknown } from './errors.ts';
import { readKept, textOf } from './kept.ts';
import type { IntentEntry, RecordEntry } from './lines.ts';
import type { KeptBody, Redactor } from './redact.ts';
import type { ActIntent, ActRecord, AuditPrincipal, CallIntent, CallRecord, KeptAct, KeptCall } from './types.ts';

export interface Keeper {
  /** @param questions what a call has asked its caller so far */
  intent(intent: CallIntent | ActIntent, saidAt: number, questions?: KeptQuestions): IntentEntry;
  record(record: CallRecord | ActRecord, questions?: KeptQuestions): RecordEntry;
  /** The end of what nobody ended, from its intent. */
  closing(intent: Pick<IntentEntry, 'org' | 'id' | 'body'>, closedAt: number): RecordEntry;
}

type KeptQuestions = Pick<KeptCall, 'questions' | 'moreQuestions'>;

export interface KeeperOptions {
  redactor: Redactor;
  /** Who writes: read by people only. */
  replica: string;
  life: string;
  home: () => string;
}

/** Makes what is kept from what happened: nothing that passes here holds a secret or what storage would refuse. */
export function createKeeper({ redactor, replica, life, home }: KeeperOptions): Keeper {
  const { name, id } = redactor;
  const optional = (text: string | undefined, clean = name) => (text === undefined ? undefined : clean(text));

  const principalOf = ({ id: principalId, name: called, kind, roles, credential }: AuditPrincipal): AuditPrincipal => ({
    id: name(principalId),
    name: name(called),
    kind,
    roles: roles.slice(0, 100).map(name),
    credential: { kind: credential.kind, id: name(credential.id) },
  });

  const keptCall = (call: CallIntent | CallRecord): Omit<KeptCall, 'outcome'> => {
    const args = named('arguments', redactor.body(call.arguments));
    const { decision } = call;
    return {
      id: id(call.id),
      org: call.org,
      at: call.at,
      kind: 'call',
      principal: principalOf(call.principal),
      surface: call.surface,
      operation: call.operation,
      tool: optional(call.tool),
      toolDigest: optional(call.toolDigest),
      annotations: call.annotations && { ...call.annotations },
      endpoint: optional(call.endpoint),
      parentCallId: optional(call.parentCallId, id),
      arguments: null,
      ...args,
      rule: optional(call.rule),
      upstream: optional(call.upstream),
      traceId: optional(call.traceId, id),
      clientAddress: optional(call.clientAddress),
      decision: decision && {
        allowed: decision.allowed,
        unattended: decision.unattended,
        policyVersion: name(decision.policyVersion),
        rules: redactor.kept(decision.rules),
        context: redactor.context(decision.context),
        ...(decision.errors ? { errors: redactor.kept(decision.errors) } : {}),
      },
      replica: name(replica),
    };
  };

  const keptAct = (act: ActIntent | ActRecord): Omit<KeptAct, 'outcome'> => ({
    id: id(act.id),
    org: act.org,
    at: act.at,
    kind: 'act',
    principal: principalOf(act.principal),
    action: name(act.action),
    subject: id(act.subject),
    detail: redactor.kept(act.detail),
    replica: name(replica),
  });

  const entry = (kept: KeptCall | KeptAct): RecordEntry => ({
    type: 'record',
    org: kept.org,
    id: kept.id,
    body: textOf(kept),
  });

  return {
    intent(intent, saidAt, questions) {
      const kept = intent.kind === 'act' ? keptAct(intent) : { ...keptCall(intent), ...questions };
      return {
        type: 'intent',
        org: kept.org,
        id: kept.id,
        saidAt,
        life,
        home: home(),
        body: textOf(kept),
      };
    },

    record(record, questions) {
      const errorCode = optional(record.errorCode);
      if (record.kind === 'act') return entry({ ...keptAct(record), outcome: record.outcome, errorCode });
      return entry({
        ...keptCall(record),
        ...questions,
        ...(record.result === undefined ? {} : named('result', redactor.body(record.result))),
        outcome: record.outcome,
        errorCode,
        ...(record.replayed ? { replayed: true } : {}),
        durationMs: Math.round(Math.max(0, record.durationMs || 0) * 1000) / 1000,
      });
    },

    closing({ org, id, body }, closedAt) {
      const intent = readKept(body) as Omit<KeptCall, 'outcome'> | Omit<KeptAct, 'outcome'>;
      const end = { outcome: 'failed', errorCode: OutcomeUnknown.code, outcomeUnknown: true } as const;
      return entry({ ...intent, ...end, org, id, closedAt });
    },
  };
}

function named<N extends 'arguments' | 'result'>(name: N, { kept, digest, bytes }: KeptBody) {
  return {
    [name]: kept,
    ...(digest === undefined ? {} : { [`${name}Digest`]: digest }),
    ...(bytes === undefined ? {} : { [`${name}Bytes`]: bytes }),
  } as Partial<KeptCall>;
}
