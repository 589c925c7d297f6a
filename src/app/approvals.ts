import { type Access, may, mayActIn, subjectsOf, systemPrincipal } from '../capabilities/access/index.ts';
import {
  type Asker,
  approvalsPath,
  type BoundNow,
  createApprovals,
  createApprovalTools,
  createAttending,
  createBackups,
  createNews,
  createPreviews,
  createRunner,
  type DeclaredPreview,
  voidApprovalsOf,
} from '../capabilities/approvals/index.ts';
import type { Acts } from '../capabilities/audit/index.ts';
import type { PersonRevoker, Signin } from '../capabilities/signin/index.ts';
import type { ApprovalsSettings } from '../config/schema.ts';
import type { Call, Decision, ToolCaller } from '../kernel/call.ts';
import type { Clock } from '../kernel/clock.ts';
import { NotFound } from '../kernel/errors.ts';
import type { Happenings } from '../kernel/events.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { OrgId, Principal } from '../kernel/principal.ts';
import type { Tool } from '../kernel/tool.ts';
import type { Bus } from '../platform/bus/index.ts';
import type { Db } from '../platform/db/index.ts';
import type { Keyring } from '../platform/keyring/index.ts';
import type { Log } from '../platform/telemetry/index.ts';
import { usualApprovers } from './approval-news.ts';
import { backupOf, isNamed, previewOf } from './beside.ts';
import type { FindPrincipal } from './principals.ts';

interface Deps {
  db: Db;
  bus: Bus;
  keyring: Keyring;
  clock: Clock;
  log: Log;
  acts: Acts;
  access: Pick<Access, 'keys'>;
  signin: Signin | undefined;
  findPrincipal: FindPrincipal;
  caller: ToolCaller;
  /** A tool by its id, as an organisation's endpoint has it. */
  findTool(at: { principal: Pick<Principal, 'org'>; endpoint?: string }, id: string): Tool | undefined;
  /** Whether this server has the database to itself. */
  alone: boolean;
  boundNow(org: OrgId, tool: string): BoundNow;
  /** What a tool of our own has to show what a call of it would change. */
  ownPreview(tool: string): DeclaredPreview | undefined;
  happenings: Happenings;
  /** Arguments of a tool without what must not leave the house. */
  shownArguments(tool: Tool, args: JsonObject): Json;
  publicUrl: string;
  settings: ApprovalsSettings;
}

const minuteMs = 60_000;

/** Calls that wait for consent, and who makes them then. */
export function composeApprovals(deps: Deps) {
  const { db, bus, keyring, clock, log, acts, caller, alone, signin, publicUrl } = deps;
  let { settings } = deps;
  const previews = createPreviews({
    ...{ db, keyring, clock, log, caller, findTool: deps.findTool },
    previewOf: (call) => previewOf(settings, call) ?? deps.ownPreview(call.tool.id),
  });
  const backups = createBackups({
    ...{ db, clock, caller, house: systemPrincipal },
    backupOf: (call) => backupOf(settings, call),
  });
  const principalNow = createAskers(deps);
  const linkTo = (id: string) => (signin ? new URL(`${approvalsPath}/${id}`, publicUrl).href : undefined);
  const news = createNews({
    happenings: deps.happenings,
    usualApprovers,
    linkTo,
    shownArguments(org, { target, endpoint, arguments: args }) {
      const tool = deps.findTool({ principal: { org }, ...(endpoint === undefined ? {} : { endpoint }) }, target);
      return tool && deps.shownArguments(tool, args);
    },
  });
  const approvals = createApprovals({
    db,
    bus,
    keyring,
    clock,
    previews,
    backups,
    termsOf: (call, decision) => termsOf(settings, call, decision),
    mayDecide,
    principalNow,
    caller,
    alone,
    boundNow: deps.boundNow,
    linkTo,
    news,
  });
  const runner = createRunner({
    db,
    clock,
    log,
    approvals,
    news,
    caller,
    alone,
    principalNow,
    boundNow: deps.boundNow,
    note: (org, what, approval, detail) =>
      acts
        .perform(
          { org, principal: systemPrincipal(org), action: `approvals.${what}`, subject: approval, detail },
          (intend) => intend(),
        )
        .catch((error: unknown) =>
          log.error({ err: error, approval, what }, 'the end of an approval is not on record'),
        ),
  });
  const tools = createApprovalTools({ db, approvals });
  const attending = createAttending({
    ...{ db, clock, log, keyring, approvals, tools, caller, findTool: deps.findTool },
    record(principal, { org, id, tool, argumentDigest, callId }, decision, run) {
      const detail = { decision, via: 'elicitation', tool, argumentDigest, callId };
      return acts.perform({ org, principal, action: 'approvals.decide', subject: id, detail }, async (intend) => {
        await intend();
        return run();
      });
    },
  });
  return {
    ...approvals,
    tools,
    /** A way to call for those who can be asked, or who wait. */
    attending,
    consent: {
      ask: approvals.ask,
      weigh: approvals.weigh,
      parked: ({ id }: Call) => previews.begin(id),
      backUp: backups.before,
      claim: approvals.claim,
      leave: runner.leave,
    },
    /** Who decides, by the file. */
    declared: () => settings.rules,
    redeclare(next: ApprovalsSettings) {
      settings = next;
    },
    start: runner.start,
    quiesce() {
      runner.quiesce();
      attending.quiesce();
    },
    stop: () => Promise.all([runner.stop(), previews.stop()]),
  };
}

/** Who may decide: whose role carries it; or who is named, with a credential that may be used for it. */
function mayDecide(by: Principal, org: OrgId, approvers?: readonly string[]): boolean {
  if (!approvers) return may(by, 'approvals:decide') && mayActIn(by, org);
  const holds = by.scopes.includes('*') || by.scopes.includes('approvals:decide');
  return holds && by.org === org && subjectsOf(by).some((subject) => approvers.includes(subject));
}

/** By the first entry of the settings that fits. */
export function termsOf(
  { rules, expiryMinutes }: ApprovalsSettings,
  { tool, principal }: { tool: Pick<Tool, 'id' | 'tags'>; principal: Pick<Principal, 'org'> },
  decision: Pick<Decision, 'rules'>,
) {
  const asks = (name: string) => decision.rules.some((rule) => rule === name || rule.endsWith(`:${name}`));
  const fits = ({ of = {}, org }: ApprovalsSettings['rules'][number]) =>
    (org === undefined || org === principal.org) &&
    (!of.tools || of.tools.some((pattern) => isNamed(pattern, tool.id))) &&
    (!of.tags || of.tags.some((tag) => tool.tags.includes(tag))) &&
    (!of.policies || of.policies.some(asks));
  const rule = rules.find(fits);
  const { roles = [], teams = [] } = rule?.approvers ?? {};
  const approvers = [...roles.map((role) => `role:${role}`), ...teams.map((team) => `team:${team}`)];
  return {
    expiryMs: (rule?.expiryMinutes ?? expiryMinutes) * minuteMs,
    needed: rule?.twoPersons ? 2 : 1,
    ...(approvers.length === 0 ? {} : { approvers }),
  };
}

/** Who asked, as it is now: with today's roles, and not at all where its credential does not count any more. */
export function createAskers({
  access,
  signin,
  clock,
  findPrincipal,
}: Pick<Deps, 'access' | 'signin' | 'clock' | 'findPrincipal'>) {
  const counts = async ({ org, id, credential }: Asker): Promise<boolean> => {
    if (id.startsWith('key:')) {
      const { revokedAt, expiresAt } = await access.keys.get(org, credential.id);
      return revokedAt === undefined && (expiresAt === undefined || expiresAt > clock.now());
    }
    if (!id.startsWith('service:')) return true;
    const service = (await signin?.services.list(org))?.find(({ clientId }) => `service:${clientId}` === id);
    return service !== undefined && !service.disabled;
  };
  return async (asker: Asker): Promise<Principal | undefined> => {
    try {
      if (!(await counts(asker))) return undefined;
      // Whom an outside issuer's token names is known only while it is presented: such a caller stays what it was.
      const now = asker.id.startsWith('jwt:') ? asker : await findPrincipal(asker.org, asker.id);
      if (!now) return undefined;
      const { kind, actsFor, credential } = asker;
      const scopes = asker.id.startsWith('key:') ? now.scopes : asker.scopes;
      const principal = { ...now, kind, credential, scopes, ...(actsFor === undefined ? {} : { actsFor }) };
      return may(principal, 'tools:call') ? principal : undefined;
    } catch (error) {
      if (NotFound.is(error)) return undefined;
      throw error;
    }
  };
}

/** What a person, or a key of theirs, has asked for ends with everything else of theirs. */
export const personApprovals: PersonRevoker = {
  what: 'approvals',
  onPersonRevoked: (tx, org, userId, atMs) => voidApprovalsOf(tx, org, `user:${userId}`, atMs),
};
