import type { Clock } from '../../kernel/clock.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/types.ts';
import { ReviewStale } from './errors.ts';
import { type DefinitionsSeen, nothingSeen, renamedTools } from './events.ts';
import type { Lookalike } from './lookalikes.ts';
import type { Finding } from './review/finding.ts';
import type { CatalogSnapshot, Contents } from './snapshot.ts';
import {
  type Definition,
  type DefinitionKey,
  definitionsOf,
  judge,
  keyOf,
  labelOf,
  type Standing,
  type Standings,
} from './standing.ts';
import { changeStandings } from './store.ts';

/** One definition of an upstream as somebody who decides on it needs to see it. */
export interface Review extends DefinitionKey {
  /** `new`, `changed` and `quarantined` wait for a decision; `rejected` and `accepted` have one. */
  state: 'new' | 'changed' | 'quarantined' | 'rejected' | 'accepted';
  /** Whether callers have it, if only in its accepted form. */
  served: boolean;
  pinned: boolean;
  reason?: string;
  offered: Pick<Definition, 'definition' | 'digest'>;
  accepted?: Standing['accepted'];
  /** A tool that was accepted under this name and is gone. */
  renamedFrom?: string;
  /** Tools of other toolsets that it may be taken for. */
  lookalikes: readonly Lookalike[];
}

/** `pin` accepts, and keeps any other form out whatever the trust of its upstream. */
export type ReviewVerb = 'accept' | 'reject' | 'pin';

export interface ReviewDecision extends DefinitionKey {
  /** Of the offered form that was looked at. */
  digest: string;
  decision: ReviewVerb;
}

export interface Reviews {
  /** Everything that upstreams offer, as it stands; answered from memory. */
  list(org: OrgId): Review[];
  /** What is suspicious in each, against what was accepted and among all the other tools. */
  examine(org: OrgId, reviews: readonly Review[]): Promise<Finding[][]>;
  /**
   * Takes the decisions of one principal, toolset by toolset: all of one toolset's or none. @throws ReviewStale where
   * something else is offered by now
   */
  decide(org: OrgId, decisions: readonly ReviewDecision[], by: string): Promise<void>;
  /** Keeps one form of a tool from being served until somebody has looked at it. */
  quarantine(org: OrgId, toolset: string, tool: { name: string; digest: string }, reason: string): Promise<void>;
}

interface Deps {
  db: Db;
  clock: Clock;
  contents(org: OrgId): Contents & { snapshot: CatalogSnapshot };
  /** Takes what was decided into what is served. */
  changed(org: OrgId): Promise<void>;
  seen(seen: DefinitionsSeen): void;
  examine(snapshot: CatalogSnapshot, reviews: readonly Review[]): Promise<Finding[][]>;
}

const rejected = 'it was rejected in a review';

export function createReviews({ db, clock, contents, changed, seen, examine }: Deps): Reviews {
  const offeredBy = (org: OrgId, toolset: string): Definition[] => {
    const { toolsets, items } = contents(org);
    const row = toolsets.get(toolset);
    return !row?.trust || row.unlisted ? [] : definitionsOf(toolset, row.instructions, items);
  };

  const decideOn = async (org: OrgId, toolset: string, decisions: readonly ReviewDecision[], by: string) => {
    const here = new Map(offeredBy(org, toolset).map((one) => [`${keyOf(one)} ${one.digest}`, one]));
    await changeStandings(db, org, toolset, (digests, standings) =>
      decisions.map(({ decision, ...about }) => {
        const offered = here.get(`${keyOf(about)} ${about.digest}`);
        if (!offered || digests.get(`${about.kind} ${about.name}`) !== about.digest) {
          throw ReviewStale({ what: `${toolset} ${labelOf(about)}`.slice(0, 200) });
        }
        return decided(offered, standings.get(keyOf(about)), decision, { by, at: clock.now() });
      }),
    );
  };

  return {
    list(org) {
      const { toolsets, standings, snapshot } = contents(org);
      const alike = snapshot.lookalikes();
      return [...toolsets.values()].flatMap(({ toolset, trust }) => {
        if (!trust) return [];
        const offered = offeredBy(org, toolset);
        const renames = renamesHere(toolset, offered, standings);
        return offered.map((one): Review => {
          const { definition, digest, kind, name } = one;
          const standing = standings.get(keyOf(one));
          const verdict = judge(one, standing, trust);
          const { accepted, pinned = false } = standing ?? {};
          const from = kind === 'tool' && !accepted ? renames.get(name) : undefined;
          return {
            toolset,
            kind,
            name,
            pinned,
            served: verdict.state !== 'quarantined',
            offered: { definition, digest },
            lookalikes: (kind === 'tool' ? alike.get(`${toolset}.${name}`) : undefined) ?? [],
            ...(accepted ? { accepted } : {}),
            ...(from === undefined ? {} : { renamedFrom: from }),
            ...stateOf(verdict, standing),
          };
        });
      });
    },

    examine: (org, reviews) => examine(contents(org).snapshot, reviews),

    async decide(org, decisions, by) {
      for (const [toolset, ofToolset] of Map.groupBy(decisions, (one) => one.toolset)) {
        await decideOn(org, toolset, ofToolset, by);
        const rejections = ofToolset.filter(({ decision }) => decision === 'reject').map(labelOf);
        const accepted = ofToolset.filter(({ decision }) => decision !== 'reject').map(labelOf);
        seen({ org, toolset, ...nothingSeen(), accepted, rejected: rejections, by });
      }
      await changed(org);
    },

    async quarantine(org, toolset, { name, digest }, reason) {
      const about: DefinitionKey = { toolset, kind: 'tool', name };
      let isNews = false;
      await changeStandings(db, org, toolset, (_, standings) => {
        const standing = standings.get(keyOf(about));
        // A call that began before somebody accepted this form must not undo that.
        isNews = standing?.refused?.digest !== digest && standing?.accepted?.digest !== digest;
        return isNews ? [{ pinned: false, ...standing, ...about, refused: { digest, reason } }] : [];
      });
      await changed(org);
      if (isNews) seen({ org, toolset, ...nothingSeen(), quarantined: [{ name, reason }] });
    },
  };
}

function stateOf(verdict: ReturnType<typeof judge>, standing: Standing | undefined): Pick<Review, 'state' | 'reason'> {
  if (verdict.state !== 'quarantined') return { state: verdict.state === 'changed' ? 'changed' : 'accepted' };
  const { reason } = verdict;
  if (reason === rejected) return { state: 'rejected', reason };
  return { state: standing?.accepted || standing?.refused ? 'quarantined' : 'new', reason };
}

function decided(
  { toolset, kind, name, definition, digest }: Definition,
  standing: Standing | undefined,
  decision: ReviewVerb,
  { by, at }: { by: string; at: number },
): Standing {
  const { accepted, pinned = false } = standing ?? {};
  if (decision !== 'reject') {
    return { toolset, kind, name, pinned: decision === 'pin', accepted: { definition, digest, by, at } };
  }
  const kept = accepted && accepted.digest !== digest ? { accepted } : {};
  return { toolset, kind, name, pinned, ...kept, refused: { digest, reason: rejected } };
}

/** By the new name, the old one. */
function renamesHere(toolset: string, offered: readonly Definition[], standings: Standings): Map<string, string> {
  const ours = [...standings.values()].filter((one) => one.toolset === toolset);
  const accepted = ours.filter((one) => one.accepted).map((one) => [`${one.kind} ${one.name}`, ''] as const);
  return new Map(renamedTools(offered, ours, new Map(accepted)).map(({ from, to }) => [to, from]));
}
