import type { Stem } from '../lexical/lex.ts';
import { presence, type Segment, stemsOf } from './evidence.ts';
import { clausesOf, isOtherwiseSaid, oppositeIn } from './polarity.ts';

/** What may be denied of a clause without its being turned around: less than this. */
const mostOfClause = 0.6;
/** A sentence of a passage is as near as the nearest from this share on. */
const asNear = 0.85;

type WeightOf = (lexeme: string) => number;

/** Why a sentence says the contrary of all that speaks of the same, or gives to one what is said of another, if it does. */
export function contraryOf(
  text: string,
  wanted: ReadonlySet<string>,
  segments: readonly Segment[],
  { stem, weightOf }: { stem: Stem; weightOf: WeightOf },
): string | undefined {
  let why: string | undefined;
  for (const { text: source } of nearestOf(wanted, segments, weightOf)) {
    const opposed = oppositeIn(text, source);
    const swapped = exchangedIn(text, source, stem);
    if (opposed) why ??= `It says "${opposed.word}" where the passage says "${opposed.opposite}".`;
    else if (swapped) why ??= `It exchanges "${swapped[0]}" and "${swapped[1]}".`;
    else if (isDeniedOtherwise(text, source, stem))
      why ??= 'It denies what the passage says, or says what the passage denies.';
    else return undefined;
  }
  return why;
}

/** Those that speak most of the same. */
function nearestOf(wanted: ReadonlySet<string>, segments: readonly Segment[], weightOf: WeightOf): Segment[] {
  const scored = segments.map((segment) => {
    let score = 0;
    for (const each of wanted) score += weightOf(each) * presence(each, segment.stems);
    return { segment, score };
  });
  const best = Math.max(0, ...scored.map(({ score }) => score));
  return scored.filter(({ score }) => best > 0 && score >= best * asNear).map(({ segment }) => segment);
}

/**
 * Whether most of the words that both have are denied in one of them alone, or one of them affirms most of what a clause of
 * the other denies.
 */
function isDeniedOtherwise(text: string, source: string, stem: Stem): boolean {
  if (isOtherwiseSaid(text, source)) return false;
  const ours = saidIn(text, stem);
  const theirs = saidIn(source, stem);
  const shared = [...ours.denied].filter(([lexeme]) => theirs.denied.has(lexeme));
  const other = shared.filter(([lexeme, isDenied]) => theirs.denied.get(lexeme) !== isDenied);
  const affirms = (one: Said, denying: Said) =>
    denying.clauses.some((clause) => {
      const affirmed = clause.filter((lexeme) => one.denied.get(lexeme) === false);
      return affirmed.length > 0 && affirmed.length >= clause.length * mostOfClause;
    });
  return other.length * 2 > shared.length || affirms(ours, theirs) || affirms(theirs, ours);
}

interface Said {
  /** By lexeme. */
  denied: Map<string, boolean>;
  /** The lexemes of each clause that denies. */
  clauses: string[][];
}

function saidIn(text: string, stem: Stem): Said {
  const read = clausesOf(text).map(({ text: clause, isDenied }) => ({ lexemes: [...stemsOf(clause, stem)], isDenied }));
  return {
    denied: new Map(read.flatMap(({ lexemes, isDenied }) => lexemes.map((each) => [each, isDenied] as const))),
    clauses: read.filter(({ isDenied, lexemes }) => isDenied && lexemes.length > 0).map(({ lexemes }) => lexemes),
  };
}

/** Two words of two clauses of which each stands in the clause of the other in the source: "A in X, B in Y" of "A in Y, B in X". */
function exchangedIn(text: string, source: string, stem: Stem): [string, string] | undefined {
  const ours = clausesOf(text).map((each) => stemsOf(each.text, stem));
  const theirs = clausesOf(source).map((each) => stemsOf(each.text, stem));
  if (ours.length < 2 || theirs.length < 2) return undefined;
  const standsWith = (word: string, company: readonly string[]) =>
    theirs.some((clause) => clause.has(word) && company.some((each) => clause.has(each)));
  for (const [at, first] of ours.entries()) {
    for (const second of ours.slice(at + 1)) {
      for (const one of first) {
        const besideOne = [...first].filter((each) => each !== one && !second.has(each));
        if (second.has(one) || standsWith(one, besideOne)) continue;
        for (const other of second) {
          const besideOther = [...second].filter((each) => each !== other && !first.has(each));
          if (first.has(other) || standsWith(other, besideOther)) continue;
          if (standsWith(one, besideOther) && standsWith(other, besideOne)) return [one, other];
        }
      }
    }
  }
  return undefined;
}
