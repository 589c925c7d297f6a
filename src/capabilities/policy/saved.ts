import type { Clock } from '../../kernel/clock.ts';
import { digestOf } from '../../kernel/digest.ts';
import { NotFound } from '../../kernel/errors.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Bench, NamedText } from './candidate.ts';
import { faultLine, type PolicyCheck, type PolicyFault } from './check.ts';
import {
  PoliciesChanged,
  PoliciesNotLoaded,
  PolicyInvalid,
  PolicyNameInvalid,
  PolicyShipped,
  TooManyPolicies,
} from './errors.ts';
import type { Keeper } from './keeper.ts';
import type { RuleSet } from './ruleset.ts';
import {
  changePolicies,
  getPolicy,
  getSet,
  getVersion,
  listPolicies,
  listSetPolicies,
  listSets,
  listVersions,
  type PolicySet,
  type PolicyVersion,
  readSetNumber,
  type StoredPolicy,
} from './store.ts';

const namePattern = /^[a-z][a-z0-9-]{0,62}$/;
/** The name before that of each shipped rule, or such a whole name. */
const shippedPattern = /^shipped(:|$)/;
const maxPolicies = 50;
const maxPage = 200;

export type SavedPolicy = StoredPolicy & { warnings: readonly PolicyFault[] };

/** What is to become of an organisation's own policies. */
export type Change =
  | { save: string; text: string }
  | { remove: string }
  | { restore: string; version: number }
  | { rollBack: number };

/** One policy before and after; an absent side is one that is not there. */
export interface TextDifference {
  name: string;
  before?: string;
  after?: string;
}

/** A change as it would be made now. */
export interface Plan {
  /** Number of the set in force; 0 where nothing was ever saved. */
  set: number;
  /** What is in force, and what would be; undefined where it is not valid, and everything is denied. */
  before: RuleSet | undefined;
  after: RuleSet;
  differences: readonly TextDifference[];
  warnings: readonly PolicyFault[];
  /** Says which policies were changed how: what is saved under it is what was looked at. */
  tag: string;
}

/** The policies that organisations write for themselves. Each change is a version and counts at once. */
export interface PolicyStore {
  list(org: OrgId): Promise<StoredPolicy[]>;
  /** @throws NotFound */
  get(org: OrgId, name: string): Promise<StoredPolicy>;
  /** Every version, newest first, removals included. @throws NotFound */
  history(org: OrgId, name: string): Promise<PolicyVersion[]>;
  /**
   * @param tag of the plan that it must be
   * @throws PolicyInvalid with line and column of each fault, PolicyNameInvalid, PolicyShipped, TooManyPolicies, PoliciesChanged
   */
  save(org: OrgId, name: string, text: string, by: string, tag?: string): Promise<SavedPolicy>;
  /** Puts an older text in force again, as a new version. @throws NotFound, and what `save` throws */
  restore(org: OrgId, name: string, version: number, by: string, tag?: string): Promise<SavedPolicy>;
  /** @throws NotFound, PolicyShipped, PoliciesChanged */
  remove(org: OrgId, name: string, by: string, tag?: string): Promise<void>;
  /** All policies as they stood after each change, newest first; those before the number `before`. */
  sets(org: OrgId, before?: number, limit?: number): Promise<PolicySet[]>;
  /** @throws NotFound */
  set(org: OrgId, number: number): Promise<{ set: PolicySet; policies: StoredPolicy[] }>;
  /** Puts all policies as they stood in force again, as a new set. @throws NotFound, and what `save` throws */
  rollBack(org: OrgId, number: number, by: string, tag?: string): Promise<PolicySet>;
  /** What a change would put in force; changes nothing. @throws what making it would throw */
  plan(org: OrgId, change: Change, slot?: string): Promise<Plan>;
}

export interface SavedDeps {
  db: Db;
  clock: Clock;
  keeper: Keeper;
  bench: Bench;
  /** As a text to be saved. */
  check(text: string): PolicyCheck;
}

interface Wanted {
  texts: Record<string, string | null>;
  change: string;
  warnings: readonly PolicyFault[];
}

export function createPolicyStore({ db, clock, keeper, bench, check }: SavedDeps): PolicyStore {
  function checked(name: string, text: string): readonly PolicyFault[] {
    if (shippedPattern.test(name)) throw PolicyShipped();
    if (!namePattern.test(name)) throw PolicyNameInvalid();
    const { faults, warnings } = check(text);
    if (faults.length > 0) throw PolicyInvalid({ name, faults: faults.map(faultLine) });
    return warnings;
  }

  async function versionText(org: OrgId, name: string, version: number): Promise<string> {
    const older = await getVersion(db, org, name, version);
    if (!older || older.text === null) throw NotFound({ what: 'version of the policy', id: `${name} ${version}` });
    return older.text;
  }

  async function wantedOf(org: OrgId, change: Change): Promise<Wanted> {
    if ('rollBack' in change) {
      const { rollBack: number } = change;
      const then = (await setOf(org, number)).policies;
      const now = await listPolicies(db, org);
      const texts: Record<string, string | null> = {};
      for (const { name } of now) if (!then.some((each) => each.name === name)) texts[name] = null;
      for (const { name, text } of then) if (now.find((each) => each.name === name)?.text !== text) texts[name] = text;
      const warnings = Object.entries(texts).flatMap(([name, text]) => (text === null ? [] : checked(name, text)));
      return { texts, change: `roll back to ${number}`, warnings };
    }
    if ('remove' in change) {
      if (shippedPattern.test(change.remove)) throw PolicyShipped();
      return { texts: { [change.remove]: null }, change: `remove ${change.remove}`, warnings: [] };
    }
    const name = 'save' in change ? change.save : change.restore;
    const text = 'save' in change ? change.text : await versionText(org, name, change.version);
    const said = 'save' in change ? `save ${name}` : `restore ${name} ${change.version}`;
    return { texts: { [name]: text }, change: said, warnings: checked(name, text) };
  }

  async function planOf(org: OrgId, { texts, warnings }: Wanted, slot: string): Promise<Plan> {
    const common = keeper.common();
    if (!common) throw PoliciesNotLoaded();
    const set = await readSetNumber(db, org);
    const now = await listPolicies(db, org);
    const differences = Object.entries(texts).map(([name, after]): TextDifference => {
      const before = now.find((each) => each.name === name)?.text;
      if (after === null && before === undefined) throw NotFound({ what: 'policy', id: name });
      return { name, ...(before === undefined ? {} : { before }), ...(after === null ? {} : { after }) };
    });
    const next = withTexts(now, texts);
    if (next.length > maxPolicies) throw TooManyPolicies({ limit: maxPolicies });
    const before = orNone(() => bench.ruleSet(common, org, `${slot} before`, { own: now }));
    const after = bench.ruleSet(common, org, `${slot} after`, { own: next });
    // Not by the number alone: the folder and the projections are part of what was looked at.
    const tag = `"${set}-${digestOf([org, before?.version, after.version, texts]).slice(7, 39)}"`;
    return { set, before, after, differences, warnings, tag };
  }

  async function make(org: OrgId, change: Change, by: string, tag: string | undefined) {
    const wanted = await wantedOf(org, change);
    const planned = tag === undefined ? undefined : await planOf(org, wanted, 'save');
    if (planned && planned.tag !== tag) throw PoliciesChanged();
    const { texts, change: said, warnings } = wanted;
    const made = await changePolicies(db, org, {
      ...{ texts, change: said, by, atMs: clock.now(), limit: maxPolicies },
      basedOn: planned?.set,
    });
    if (made === 'changed') throw PoliciesChanged();
    if (made === 'too many') throw TooManyPolicies({ limit: maxPolicies });
    if (made === 'not there') throw NotFound({ what: 'policy', id: Object.keys(texts).join(', ') });
    keeper.tell();
    await keeper.refresh();
    return { ...made, texts, warnings };
  }

  async function saved(org: OrgId, change: Change, by: string, tag: string | undefined): Promise<SavedPolicy> {
    const { versions, texts, warnings } = await make(org, change, by, tag);
    const [version] = versions as [PolicyVersion];
    return { ...version, text: String(texts[version.name]), warnings };
  }

  async function setOf(org: OrgId, number: number) {
    const set = await getSet(db, org, number);
    if (!set) throw NotFound({ what: 'version of the policies', id: String(number) });
    return { set, policies: await listSetPolicies(db, org, number) };
  }

  return {
    list: (org) => listPolicies(db, org),
    async get(org, name) {
      const policy = await getPolicy(db, org, name);
      if (!policy) throw NotFound({ what: 'policy', id: name });
      return policy;
    },
    async history(org, name) {
      const versions = await listVersions(db, org, name);
      if (versions.length === 0) throw NotFound({ what: 'policy', id: name });
      return versions;
    },
    save: (org, name, text, by, tag) => saved(org, { save: name, text }, by, tag),
    restore: (org, name, version, by, tag) => saved(org, { restore: name, version }, by, tag),
    async remove(org, name, by, tag) {
      await make(org, { remove: name }, by, tag);
    },
    sets: (org, before = 2 ** 31 - 1, limit = maxPage) => listSets(db, org, before, Math.min(limit, maxPage)),
    set: setOf,
    rollBack: async (org, number, by, tag) => (await make(org, { rollBack: number }, by, tag)).set,
    plan: async (org, change, slot = 'plan') => planOf(org, await wantedOf(org, change), slot),
  };
}

function orNone(make: () => RuleSet): RuleSet | undefined {
  try {
    return make();
  } catch (error) {
    if (PolicyInvalid.is(error)) return undefined;
    throw error;
  }
}

/** In the order of their names, as they are loaded. */
function withTexts(now: readonly NamedText[], texts: Readonly<Record<string, string | null>>): NamedText[] {
  const next = new Map(now.map(({ name, text }) => [name, text]));
  for (const [name, text] of Object.entries(texts)) {
    if (text === null) next.delete(name);
    else next.set(name, text);
  }
  return [...next].map(([name, text]) => ({ name, text })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
