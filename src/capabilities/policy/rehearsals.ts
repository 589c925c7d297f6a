import { InvalidRequest } from '../../kernel/errors.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Bench, Candidate, NamedText } from './candidate.ts';
import { PoliciesNotLoaded, RehearsalsBusy } from './errors.ts';
import type { Keeper } from './keeper.ts';
import type { PastDecisions } from './past.ts';
import { type Rehearsal, replay } from './replay.ts';
import type { RuleSet } from './ruleset.ts';
import type { Change, Plan, PolicyStore } from './saved.ts';
import { listPolicies } from './store.ts';

/** What policies are tried on. */
export interface RehearsalSpan {
  /** Milliseconds since the epoch; inclusive. */
  since?: number | undefined;
  /** Milliseconds since the epoch; exclusive. */
  until?: number | undefined;
  /** Most decisions looked at, the newest first. */
  limit: number;
  maxMs: number;
}

/** Whose place the texts take: the organisation's own policies, or the folder that all organisations share. */
export type Layer = 'own' | 'folder';

export interface CandidateRequest extends RehearsalSpan {
  policies: readonly NamedText[];
  /** Where it is not said: what there is now; with both there it has to be said. */
  layer?: Layer | undefined;
  against: Rehearsal['against'];
}

export interface Rehearsals {
  /**
   * Tries texts in the place of what is in force.
   * @throws PolicyInvalid, InvalidRequest, RehearsalsBusy, the reason of the signal
   */
  candidate(org: OrgId, request: CandidateRequest, signal: AbortSignal): Promise<Rehearsal & { layer: Layer }>;
  /**
   * What a change would do to past decisions, against what is in force now.
   * @throws what making the change throws, RehearsalsBusy, the reason of the signal
   */
  change(
    org: OrgId,
    change: Change,
    span: RehearsalSpan,
    signal: AbortSignal,
  ): Promise<{ plan: Plan; rehearsal: Rehearsal }>;
}

export interface RehearsalDeps {
  db: Db;
  keeper: Keeper;
  bench: Bench;
  store: Pick<PolicyStore, 'plan'>;
  past: PastDecisions;
}

/** Each takes as much of a processor as it can get, between other work. */
const maxAtOnce = 2;
const maxPolicies = 50;

export function createRehearsals({ db, keeper, bench, store, past }: RehearsalDeps): Rehearsals {
  const running = new Map<string, OrgId>();

  /** A place on the bench for one organisation. */
  async function placed<T>(org: OrgId, work: (slot: string) => Promise<T>): Promise<T> {
    const slot = Array.from({ length: maxAtOnce }, (_, n) => `rehearsal ${n}`).find((each) => !running.has(each));
    if (slot === undefined || [...running.values()].includes(org)) throw RehearsalsBusy({}, { retryAfterSeconds: 10 });
    running.set(slot, org);
    try {
      return await work(slot);
    } finally {
      running.delete(slot);
    }
  }

  const run = (
    org: OrgId,
    sets: { candidate: RuleSet; baseline?: RuleSet | null },
    span: RehearsalSpan,
    signal: AbortSignal,
  ) => replay({ past, projections: keeper.vocabulary().projections }, org, sets, span, span, signal);

  return {
    candidate: (org, { policies, layer: wanted, against, ...span }, signal) =>
      placed(org, async (slot) => {
        const common = keeper.common();
        if (!common) throw PoliciesNotLoaded();
        const own = await listPolicies(db, org);
        const layer =
          wanted ??
          layerOf(
            own.length > 0,
            common.rules.some(({ origin }) => origin === 'folder'),
          );
        const texts = namedFor(layer, policies);
        const tried: Candidate = layer === 'own' ? { own: texts } : { folder: texts };
        const candidate = bench.ruleSet(common, org, `${slot} after`, { own, ...tried });
        const baseline = against === 'current' ? bench.ruleSet(common, org, `${slot} before`, { own }) : undefined;
        const sets = baseline ? { candidate, baseline } : { candidate };
        return { layer, ...(await run(org, sets, span, signal)) };
      }),
    change: (org, change, span, signal) =>
      placed(org, async (slot) => {
        const plan = await store.plan(org, change, slot);
        const sets = { candidate: plan.after, baseline: plan.before ?? null };
        return { plan, rehearsal: await run(org, sets, span, signal) };
      }),
  };
}

/** @throws InvalidRequest where either could be meant */
function layerOf(hasOwn: boolean, hasFolder: boolean): Layer {
  if (hasOwn && hasFolder) {
    const fault =
      'layer: say "own" or "folder": there are policies of the organisation and of the folder, and these take the place of one';
    throw InvalidRequest({ faults: [fault] });
  }
  return hasFolder ? 'folder' : 'own';
}

/** @throws InvalidRequest */
function namedFor(layer: Layer, policies: readonly NamedText[]): NamedText[] {
  const named = policies
    .map(({ name, text }) => {
      const plain = name.replace(/\.cedar$/, '');
      return { name: layer === 'own' ? plain : `${plain}.cedar`, text };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const twice = named.find(({ name }, at) => named[at + 1]?.name === name);
  if (twice) throw InvalidRequest({ faults: [`policies: "${twice.name}" is there twice`] });
  if (named.length > maxPolicies) throw InvalidRequest({ faults: [`policies: at most ${maxPolicies}`] });
  return named;
}
