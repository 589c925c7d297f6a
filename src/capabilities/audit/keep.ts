import type { Decision } from '../../kernel/call.ts';
import { OutcomeUnknown } from './errors.ts';
import { columnsIn, readKept, textOf } from './kept.ts';
import type { IntentEntry, RecordEntry } from './lines.ts';
import type { Redactor } from './redact.ts';
import type { ActIntent, ActRecord, AuditPrincipal, CallIntent, CallRecord, KeptAct, KeptCall } from './types.ts';

export interface Keeper {
  /** @param questions what a call has asked its caller so far */
  intent(intent: CallIntent | ActIntent, saidAt: number, questions?: KeptQuestions): IntentEntry;
  record(record: CallRecord | ActRecord, questions?: KeptQuestions): RecordEntry;
  /** The end of what nobody ended, from its intent. */
  closing(intent: Pick<IntentEntry, 'org' | 'id' | 'body'>, closedAt: number): RecordEntry;
}

type KeptQuestions = Pick<KeptCall, 'questions' | 'moreQuestions'>;
/** Of an intent, the end is not known yet. */
type Unended<K extends KeptCall | KeptAct> = Omit<K, 'outcome'> & { outcome?: K['outcome'] };

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

  // Keys stand in the order of RFC 8785 here and below, so that the text need not be put in order for each call.
  const principalOf = ({ id: principalId, name: called, kind, roles, credential }: AuditPrincipal): AuditPrincipal => ({
    credential: { id: name(credential.id), kind: credential.kind },
    id: name(principalId),
    kind,
    name: name(called),
    roles: roles.slice(0, 100).map(name),
  });

  const decisionOf = ({ allowed, context, errors, policyVersion, rules, unattended }: Decision) => ({
    allowed,
    context: redactor.context(context),
    ...(errors ? { errors: redactor.kept(errors) } : {}),
    policyVersion: name(policyVersion),
    rules: redactor.kept(rules),
    unattended,
  });

  const keptCall = (call: CallIntent, questions?: KeptQuestions, end?: CallRecord): Unended<KeptCall> => {
    const args = redactor.body(call.arguments);
    const result = end?.result === undefined ? undefined : redactor.body(end.result);
    return {
      annotations: call.annotations && { ...call.annotations },
      arguments: args.kept,
      argumentsBytes: args.bytes,
      argumentsDigest: args.digest,
      at: call.at,
      clientAddress: optional(call.clientAddress),
      decision: call.decision && decisionOf(call.decision),
      durationMs: end && Math.round(Math.max(0, end.durationMs || 0) * 1000) / 1000,
      endpoint: optional(call.endpoint),
      errorCode: optional(end?.errorCode),
      id: id(call.id),
      kind: 'call',
      moreQuestions: questions?.moreQuestions,
      operation: call.operation,
      org: call.org,
      outcome: end?.outcome,
      parentCallId: optional(call.parentCallId, id),
      principal: principalOf(call.principal),
      questions: questions?.questions,
      replayed: end?.replayed || undefined,
      replica: name(replica),
      result: result?.kept,
      resultBytes: result?.bytes,
      resultDigest: result?.digest,
      rule: optional(call.rule),
      surface: call.surface,
      tool: optional(call.tool),
      toolDigest: optional(call.toolDigest),
      traceId: optional(call.traceId, id),
      upstream: optional(call.upstream),
    };
  };

  const keptAct = (act: ActIntent, end?: ActRecord): Unended<KeptAct> => ({
    action: name(act.action),
    at: act.at,
    detail: redactor.kept(act.detail),
    errorCode: optional(end?.errorCode),
    id: id(act.id),
    kind: 'act',
    org: act.org,
    outcome: end?.outcome,
    principal: principalOf(act.principal),
    replica: name(replica),
    subject: id(act.subject),
  });

  const entry = (kept: Unended<KeptCall | KeptAct>): RecordEntry => ({
    type: 'record',
    org: kept.org,
    id: kept.id,
    body: textOf(kept),
    columns: columnsIn(kept as KeptCall | KeptAct),
  });

  return {
    intent(intent, saidAt, questions) {
      const kept = intent.kind === 'act' ? keptAct(intent) : keptCall(intent, questions);
      return { type: 'intent', org: kept.org, id: kept.id, saidAt, life, home: home(), body: textOf(kept) };
    },

    record: (record, questions) =>
      entry(record.kind === 'act' ? keptAct(record, record) : keptCall(record, questions, record)),

    closing({ org, id, body }, closedAt) {
      const intent = readKept(body);
      const end = { outcome: 'failed', errorCode: OutcomeUnknown.code, outcomeUnknown: true } as const;
      return entry({ ...intent, ...end, org, id, closedAt });
    },
  };
}
