import type { Decision } from '../../kernel/call.ts';
import type { Cost } from '../../kernel/cost.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { OutcomeUnknown } from './errors.ts';
import { readKept, Said, type Saying, textInOrder, textOf } from './kept.ts';
import type { IntentEntry, RecordEntry } from './lines.ts';
import type { KeptBody, KeptContext, Redactor } from './redact.ts';
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
  const names = (texts: readonly string[]) => texts.slice(0, 100).map(name);
  const optional = (text: string | undefined, clean = name) => (text === undefined ? undefined : clean(text));

  // Keys stand in the order of RFC 8785 here and below, so that the text need not be put in order for each call.
  const principalOf = (who: AuditPrincipal): AuditPrincipal => ({
    credential: { id: name(who.credential.id), kind: who.credential.kind },
    id: name(who.id),
    kind: who.kind,
    name: name(who.name),
    roles: names(who.roles),
    ...(who.scopes ? { scopes: names(who.scopes) } : {}),
    ...(who.teams?.length ? { teams: names(who.teams) } : {}),
  });
  // Those of a call live longer than it, and are never changed: principals, annotations, and the rules of a decision.
  const sayPrincipal = said((principal: AuditPrincipal) => textOf(principalOf(principal)));
  const sayAnnotations = said((annotations: object) => textOf({ ...annotations }));
  const sayRules = said((rules: readonly string[]) => textOf(redactor.kept(rules) as object));

  const sayNames = said((texts: readonly string[]) => textOf(names(texts)));

  // A decision is made again by other policies only from what is kept as they saw it: what is not is named.
  const changedNames = (path: string, texts: readonly string[]) =>
    texts.length > 100 || texts.some((text) => name(text) !== text) ? [path] : [];
  const withheldOfPrincipal = made(({ id: who, roles, teams = [], scopes = [] }: AuditPrincipal): readonly string[] => [
    ...changedNames('principal.id', [who]),
    ...changedNames('principal.roles', roles),
    ...changedNames('principal.teams', teams),
    ...changedNames('principal.scopes', scopes),
  ]);
  const withheldOfTags = made((tags: readonly string[]) => changedNames('resource.tags', tags));

  const sharedContext = made((context: JsonObject): KeptContext => redactor.context(context));

  const sayDecision = (decision: Decision, { principal, tool, toolTags = noTags }: CallIntent): Said => {
    // One that is frozen is that of many calls.
    const seen = decision.context;
    const context = Object.isFrozen(seen) ? sharedContext(seen) : redactor.context(seen);
    const withheld = [
      ...context.withheld,
      ...withheldOfPrincipal(principal),
      ...withheldOfTags(toolTags),
      ...(tool === undefined || name(tool) === tool ? noTags : ['resource.id', 'resource.name']),
    ];
    return new Said(
      textInOrder({
        allowed: decision.allowed,
        context: new Said(context.text),
        errors: decision.errors && redactor.kept(decision.errors),
        policySet: decision.policySet,
        policyVersion: name(decision.policyVersion),
        projected: decision.projected && sayNames(decision.projected),
        rules: sayRules(decision.rules),
        unattended: decision.unattended,
        unreadable: decision.unreadable,
        withheld: withheld.length > 0 ? withheld : undefined,
      }),
    );
  };

  const sayCall = (call: CallIntent, questions?: KeptQuestions, end?: CallRecord) => {
    const args = redactor.body(call.arguments);
    const result = end?.result === undefined ? undefined : redactor.body(end.result);
    return {
      annotations: call.annotations && sayAnnotations(call.annotations),
      arguments: sayBody(args),
      argumentsBytes: args.bytes,
      argumentsDigest: args.digest,
      at: call.at,
      backup: call.backup && redactor.kept(call.backup),
      clientAddress: optional(call.clientAddress),
      cost: end?.cost && sayCost(end.cost),
      decision: call.decision && sayDecision(call.decision, call),
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
      toolStatus: call.toolStatus,
      toolTags: call.toolTags && sayNames(call.toolTags),
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
      const cost = record.kind === 'call' && record.cost ? sayCost(record.cost).text : null;
      const columns = { at, kind, principal: name(record.principal.id), tool, outcome, parent, inferred: false, cost };
      return { type: 'record', org, id: kept.id, body: textInOrder(kept), columns };
    },

    closing({ org, id, body }, closedAt) {
      const intent = readKept(body);
      const end = { outcome: 'failed', errorCode: OutcomeUnknown.code, outcomeUnknown: true } as const;
      return { type: 'record', org, id, body: textOf({ ...intent, ...end, org, id, closedAt }) };
    },
  };
}

const oneCall = new Said('{"calls":1}');

/** Most cost nothing else than to be a call. */
function sayCost({ calls, units, tokens, amount, currency }: Cost): Said {
  if (units === undefined && tokens === undefined && amount === undefined) return oneCall;
  return new Said(textInOrder({ amount, calls, currency, tokens, units }));
}

/** Made once for each object, as long as that lives. */
function made<T extends object, V extends object>(make: (of: T) => V): (of: T) => V {
  const known = new WeakMap<T, V>();
  return (of) => {
    const before = known.get(of);
    if (before) return before;
    const value = make(of);
    known.set(of, value);
    return value;
  };
}

function said<T extends object>(text: (of: T) => string): (of: T) => Said {
  return made((of: T) => new Said(text(of)));
}

const noTags: readonly string[] = [];

function sayBody({ kept, text }: KeptBody): Json | Said {
  return text === undefined ? kept : new Said(text);
}

/** An id of our own making has nothing to hide, whatever it looks like. */
const ourId = /^call_[0-9a-hjkmnp-tv-z]{26}$/;
