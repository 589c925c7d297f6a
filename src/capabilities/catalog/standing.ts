import { digestOf } from '../../kernel/digest.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { looserAnnotations } from './review/looser.ts';

/**
 * How an upstream's definitions come to be served: with `first-use` as they are first seen, with `review` once somebody
 * has accepted them.
 */
export type Trust = 'first-use' | 'review';

/** What is pinned by its digest. A toolset's instructions stand for the toolset itself: its resources wait for them. */
export type PinnedKind = 'tool' | 'prompt' | 'template' | 'instructions';

/** Names one definition of a toolset; the name of its instructions is empty. */
export interface DefinitionKey {
  toolset: string;
  kind: PinnedKind;
  name: string;
}

export interface Definition extends DefinitionKey {
  definition: JsonObject;
  digest: string;
}

/** What an organisation has decided of a definition by its name; stays while an upstream does not list it. */
export interface Standing extends DefinitionKey {
  /** The form that is served. */
  accepted?: { definition: JsonObject; digest: string; by: string; at: number };
  /** Any other form than the accepted one is quarantined, whatever the trust. */
  pinned: boolean;
  /** A form that nobody may use. */
  refused?: { digest: string; reason: string };
}

/** What becomes of a definition as it is offered now. */
export type Verdict =
  /** Served as it is. */
  | { state: 'accepted' }
  /** Seen for the first time, and to be accepted for that. */
  | { state: 'first' }
  /** Served in its accepted form; a call must satisfy the offered one too. */
  | { state: 'changed' }
  | { state: 'quarantined'; reason: string };

/** By whom a definition was accepted that nobody looked at. */
export const onFirstUse = 'first use';

export function judge(offered: Definition, standing: Standing | undefined, trust: Trust): Verdict {
  const { accepted, refused, pinned } = standing ?? {};
  if (refused?.digest === offered.digest) return { state: 'quarantined', reason: refused.reason };
  // What was turned down comes back when somebody accepts it, not by looking a little different.
  if (!accepted && refused) return { state: 'quarantined', reason: 'another form of it was turned down' };
  if (!accepted) {
    return trust === 'first-use'
      ? { state: 'first' }
      : { state: 'quarantined', reason: 'it is new and waits for a review' };
  }
  if (accepted.digest === offered.digest) return { state: 'accepted' };
  if (pinned) return { state: 'quarantined', reason: 'its definition has changed, and it is pinned' };
  if (trust === 'review') return { state: 'quarantined', reason: 'its definition has changed and waits for a review' };
  const looser = looserAnnotations(hintsOf(accepted.definition), hintsOf(offered.definition));
  if (looser.length > 0) {
    return { state: 'quarantined', reason: `its definition has changed and promises less (${looser.join(', ')})` };
  }
  return { state: 'changed' };
}

/** A toolset's instructions as a definition like the others; every toolset has them, if only empty. */
export function instructionsOf(toolset: string, text: string | undefined): Definition {
  const definition = { instructions: text ?? '' };
  return { toolset, kind: 'instructions', name: '', definition, digest: digestOf(definition) };
}

export function keyOf({ toolset, kind, name }: DefinitionKey): string {
  return `${toolset} ${kind} ${name}`; // neither of the first two can hold a space
}

/** The ones decided upon, by `keyOf`. */
export type Standings = ReadonlyMap<string, Standing>;

function hintsOf({ annotations }: JsonObject): JsonObject | undefined {
  return isObject(annotations) ? (annotations as JsonObject) : undefined;
}

/** As people read it in a list: the plain name of a tool, anything else with what it is. */
export function labelOf({ kind, name }: DefinitionKey): string {
  return kind === 'tool' ? name : kind === 'instructions' ? kind : `${kind} ${name}`;
}

/** Everything of a toolset that is pinned, its instructions first. */
export function definitionsOf(
  toolset: string,
  instructions: string | undefined,
  items: readonly { toolset: string; kind: string; name: string; definition: JsonObject; digest: string }[],
): Definition[] {
  const pinned = items.flatMap(({ kind, ...item }) =>
    item.toolset === toolset && isPinnedKind(kind) ? [{ ...item, kind }] : [],
  );
  return [instructionsOf(toolset, instructions), ...pinned];
}

function isPinnedKind(kind: string): kind is PinnedKind {
  return kind === 'tool' || kind === 'prompt' || kind === 'template';
}

/** What is accepted for being seen for the first time. */
export function firstUse(offered: readonly Definition[], standings: Standings, trust: Trust, at: number): Standing[] {
  return offered.flatMap((one) => {
    const standing = standings.get(keyOf(one));
    if (judge(one, standing, trust).state !== 'first') return [];
    const { toolset, kind, name, definition, digest } = one;
    return [{ pinned: false, ...standing, toolset, kind, name, accepted: { definition, digest, by: onFirstUse, at } }];
  });
}
