import type { OrgId } from '../../kernel/principal.ts';
import { renamesOf } from './review/renames.ts';
import { type Definition, type DefinitionKey, judge, keyOf, labelOf, type Trust } from './standing.ts';
import type { Kept } from './store.ts';

/** What became of definitions that are new or differ from what was offered before, by their labels. */
export interface DefinitionsSeen {
  org: OrgId;
  toolset: string;
  /** Served, since nobody wants to look at them first. */
  accepted: string[];
  /** Still served as they were accepted. */
  changed: string[];
  quarantined: { name: string; reason: string }[];
  /** By somebody who looked at them. */
  rejected: string[];
  /** Gone under one name, and there again under another. */
  renamed: { from: string; to: string }[];
  /** Who decided it; absent where it came about by itself. */
  by?: string;
}

export function nothingSeen(): Omit<DefinitionsSeen, 'org' | 'toolset'> {
  return { accepted: [], changed: [], quarantined: [], rejected: [], renamed: [] };
}

/** Undefined when nothing is to be told. */
export function definitionsSeen(
  org: OrgId,
  toolset: string,
  trust: Trust,
  offered: readonly Definition[],
  { digestsBefore, standingsBefore, standings }: Kept,
): DefinitionsSeen | undefined {
  const seen: DefinitionsSeen = { org, toolset, ...nothingSeen() };
  const news = offered.filter((one) => digestsBefore.get(`${one.kind} ${one.name}`) !== one.digest);
  for (const one of news) {
    const verdict = judge(one, standings.get(keyOf(one)), trust);
    if (verdict.state === 'changed') seen.changed.push(labelOf(one));
    else if (verdict.state === 'quarantined') seen.quarantined.push({ name: labelOf(one), reason: verdict.reason });
    else if (!standingsBefore.get(keyOf(one))?.accepted) seen.accepted.push(labelOf(one));
  }
  seen.renamed = renamedTools(offered, [...standingsBefore.values()], digestsBefore);
  const { accepted, changed, quarantined, renamed } = seen;
  return accepted.length + changed.length + quarantined.length + renamed.length > 0 ? seen : undefined;
}

/** Tools that were accepted and are gone, and tools that came instead. */
export function renamedTools(
  offered: readonly Definition[],
  standings: readonly (DefinitionKey & { accepted?: { definition: Definition['definition'] } })[],
  known: ReadonlyMap<string, string>,
): { from: string; to: string }[] {
  const here = new Set(offered.map(keyOf));
  const gone = standings.flatMap((one) =>
    one.kind === 'tool' && one.accepted && !here.has(keyOf(one))
      ? [{ name: one.name, definition: one.accepted.definition }]
      : [],
  );
  if (gone.length === 0) return [];
  const come = offered.filter((one) => one.kind === 'tool' && !known.has(`tool ${one.name}`));
  return renamesOf(gone, come).map(({ from, to }) => ({ from, to }));
}
