import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Tool } from '../../kernel/tool.ts';
import type { Finding } from './review/finding.ts';
import { type Around, findingsOf } from './review/findings.ts';
import type { Review } from './reviews.ts';
import type { CatalogSnapshot } from './snapshot.ts';

const turnMs = 15;

type Examiner = (snapshot: CatalogSnapshot, reviews: readonly Review[]) => Promise<Finding[][]>;

/**
 * Looks for what is suspicious in definitions, against what was accepted and among all the other tools: in turns, since a
 * thousand definitions take a second. What was found is kept as long as the catalog stays as it is.
 */
export function createExaminer(): Examiner {
  const kept = new WeakMap<CatalogSnapshot, Map<string, Finding[]>>();
  return async (snapshot, reviews) => {
    const known = kept.get(snapshot) ?? new Map<string, Finding[]>();
    kept.set(snapshot, known);
    const nearby = neighbours([...snapshot.tools.values()]);
    const all: Finding[][] = [];
    let turnEndsAt = performance.now() + turnMs;
    for (const review of reviews) {
      const { toolset, kind, name, offered, accepted } = review;
      const key = JSON.stringify([toolset, kind, name, offered.digest, accepted?.digest]);
      const findings = known.get(key) ?? examine(review, nearby(toolset));
      known.set(key, findings);
      all.push(findings);
      if (performance.now() < turnEndsAt) continue;
      await nextTurn();
      turnEndsAt = performance.now() + turnMs;
    }
    return all;
  };
}

function examine({ kind, accepted, offered, lookalikes }: Review, nearby: Around): Finding[] {
  const looks = lookalikes.map(({ of, reason }): Finding => {
    const severity = reason === 'title' ? 'warning' : 'danger';
    return { code: `imitates-${reason}`, severity, path: 'name', message: `It may be taken for ${of}.` };
  });
  return [...looks, ...findingsOf(kind, accepted?.definition, offered.definition, nearby)];
}

/** By toolset: the names of its own tools and of all others. */
function neighbours(tools: readonly Tool[]): (toolset: string) => Around {
  const made = new Map<string, Around>();
  return (toolset) => {
    let around = made.get(toolset);
    if (!around) {
      const namesOf = (isOwn: boolean) =>
        new Set(tools.filter((tool) => (tool.toolset === toolset) === isOwn).map(({ name }) => name));
      around = { own: namesOf(true), foreign: namesOf(false) };
      made.set(toolset, around);
    }
    return around;
  };
}
