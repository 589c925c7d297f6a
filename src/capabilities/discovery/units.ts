import type { Thesaurus } from './thesaurus.ts';
import type { Token } from './tokens.ts';

/** A word of a query, or several that are one: `pull request`, `turn … on`. */
export interface Unit {
  /** As the query has it. */
  word: string;
  /** Its stems, with spaces between them. */
  term: string;
  first: Token;
  /** The stem that stands after its first word. */
  next: string | undefined;
  isPhrase: boolean;
}

const longestGap = 5; // between the halves of a verb

/** The words of a query as what belongs together. */
export function unitsOf(tokens: readonly Token[], thesaurus: Thesaurus): Unit[] {
  const stems = tokens.map(({ stem }) => stem);
  const used = new Set<number>();
  const units: Unit[] = [];
  for (const [at, first] of tokens.entries()) {
    if (used.has(at)) continue;
    const places = placesOf(stems, at, thesaurus);
    for (const place of places) used.add(place);
    units.push({
      word: places.map((place) => tokens[place]?.word).join(' '),
      term: places.map((place) => stems[place]).join(' '),
      first,
      next: stems[at + 1],
      isPhrase: places.length > 1,
    });
  }
  return units;
}

/** Where the words stand that belong to the one at `at`. */
function placesOf(stems: readonly string[], at: number, thesaurus: Thesaurus): number[] {
  const phrase = thesaurus
    .phrasesFrom(stems[at] ?? '')
    .find((parts) => parts.every((part, step) => stems[at + step] === part));
  if (phrase) return phrase.map((_, step) => at + step);
  const particles = thesaurus.particlesOf(stems[at] ?? '');
  if (particles)
    for (let next = at + 2; next <= at + longestGap + 1 && next < stems.length; next++)
      if (particles.has(stems[next] ?? '')) return [at, next];
  return [at];
}
