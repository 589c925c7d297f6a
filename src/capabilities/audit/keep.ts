import type { Decision } from '../../kernel/call.ts';
import type { Json } from '../../kernel/json.ts';
import { OutcomeUnknown } from './errors.ts';
import { readKept, Said, type Saying, textInOrder, textOf } from './kept.ts';
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
  // Those of a call live longer than it, and are never changed: principals, annotations, and the rules of a decision.
  const sayPrincipal = said((principal: AuditPrincipal) => textOf(principalOf(principal)));
  const sayAnnotations = said((annotations: object) => textOf({ ...annotations }));
  const sayRules = said((rules: readonly string[]) => textOf(redactor.kept(rules) as object));

  const sayDecision = ({ allowed, context, errors, policyVersion, rules, unattended }: Decision): Said =>
    new Said(
      textInOrder({
        allowed,
        context: new Said(redactor.context(context)),
        errors: errors && redactor.kept(errors),
        policyVersion: name(policyVersion),
        rules: sayRules(rules),
        unattended,
      }),
    );

  const sayCall = (call: CallIntent, questions?: KeptQuestions, end?: CallRecord) => {
    const args = redactor.body(call.arguments);
    const result = end?.result === undefined ? undefined : redactor.body(end.result);
    return {
      annotations: call.annotations && sayAnnotations(call.annotations),
      arguments: sayBody(args),
      argumentsBytes: args.bytes,
      argumentsDigest: args.digest,
      at: call.at,
      clientAddress: optional(call.clientAddress),
      decision: call.decision && sayDecision(call.decision),
      durationMs: end && Math.round(Math.max(0, end.durationMs || 0) * 1000) / 1000,
      endpoint: optional(call.endpoint),
      errorCode: optional(end?.errorCode),
      id: ourId.test(call.id) ? call.id : id(call.id),
      kind: 'call',
      moreQuestions: questions?.moreQuestions,
      operation: call.operation,
      org: call.org,
      outcome: end?.outcome,
      parentCallId: optional(call.parentCallId, id),
      principal: sayPrincipal(call.principal),
      questions: questions?.questions,
      replayed: end?.replayed || undefined,
      replica: name(replica),
      result: result && sayBody(result),
      resultBytes: result?.bytes,
      resultDigest: result?.digest,
      rule: optional(call.rule),
      surface: call.surface,
      tool: optional(call.tool),
      toolDigest: optional(call.toolDigest),
      traceId: optional(call.traceId, id),
      upstream: optional(call.upstream),
    } satisfies Saying<Unended<KeptCall>>;
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

  return {
    intent(intent, saidAt, questions) {
      const kept = intent.kind === 'act' ? keptAct(intent) : sayCall(intent, questions);
      return { type: 'intent', org: kept.org, id: kept.id, saidAt, life, home: home(), body: textInOrder(kept) };
    },

    record(record, questions) {
      const { org, outcome, at, kind } = record;
      const kept = kind === 'act' ? keptAct(record, record) : sayCall(record, questions, record);
      const [tool, parent] = 'tool' in kept ? [kept.tool ?? null, kept.parentCallId ?? null] : [null, null];
      const columns = { at, kind, principal: name(record.principal.id), tool, outcome, parent, inferred: false };
      return { type: 'record', org, id: kept.id, body: textInOrder(kept), columns };
    },

    closing({ org, id, body }, closedAt) {
      const intent = readKept(body);
      const end = { outcome: 'failed', errorCode: OutcomeUnknown.code, outcomeUnknown: true } as const;
      return { type: 'record', org, id, body: textOf({ ...intent, ...end, org, id, closedAt }) };
    },
  };
}

/** Made once for each object, as long as that lives. */
function said<T extends object>(text: (of: T) => string): (of: T) => Said {
  const made = new WeakMap<T, Said>();
  return (of) => {
    const known = made.get(of);
    if (known) return known;
    const saying = new Said(text(of));
    made.set(of, saying);
    return saying;
  };
}

function sayBody({ kept, text }: KeptBody): Json | Said {
  return text === undefined ? kept : new Said(text);
}

/** An id of our own making has nothing to hide, whatever it looks like. */
const ourId = /^call_[0-9a-hjkmnp-tv-z]{26}$/;
