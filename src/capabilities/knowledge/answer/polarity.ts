// Whether words are said or denied. A rule for each clause: an odd number of denials denies all of it.

const denials = new Set(
  (
    'not no never none nobody nothing nowhere neither nor without cannot unless except forbidden prohibited impossible unable unsupported ' +
    'nicht nie niemals kein keine keinen keinem keiner keines niemand nichts weder ohne außer verboten untersagt unmöglich ' +
    'pas jamais aucun aucune rien personne sans sauf interdit interdite interdits interdites impossible ' +
    'no nunca jamás ningún ninguna ninguno nada nadie tampoco sin salvo excepto prohibido prohibida prohibidos prohibidas imposible'
  ).split(' '),
);
/** "Not only" says more, not less. */
const only = new Set('only just merely nur bloß allein seulement uniquement solo sólo solamente'.split(' '));
const spanish = new Set('no nunca jamás ningún ninguna ninguno nada nadie tampoco'.split(' '));
/** Where a clause begins; "and" begins one only where a few words follow, or one that denies, and not between two nouns. */
const clauses =
  /[,;:()–—•]|\.\s|\s-\s|(?<!\p{L})(?:but|however|whereas|while|although|aber|sondern|jedoch|während|mais|tandis|pero|sino|aunque|mientras)(?!\p{L})|(?<!\p{L})(?=(?:unless|except|außer|sauf|salvo|excepto)(?!\p{L}))|(?<!\p{L})(?:and|und|et|y)(?=(?:\s+[^\s,;:()]+){4}|\s+(?:not|never|no|nicht|nie|niemals|kein\p{L}*|jamais|ne|nunca)(?!\p{L}))/giu;

export interface Clause {
  text: string;
  isDenied: boolean;
}

export function clausesOf(sentence: string): Clause[] {
  return sentence
    .replace(/\b(\p{L}+)n['’]t\b/giu, '$1 not')
    .replace(/\bcannot\b/gi, 'can not')
    .split(clauses)
    .filter((text) => /\p{L}/u.test(text))
    .map((text) => ({ text, isDenied: countOf(text) % 2 === 1 }));
}

/** Whether a word says only that others are denied. */
export function isDenial(word: string): boolean {
  return denials.has(word);
}

function countOf(clause: string): number {
  const words: string[] = clause.toLowerCase().match(/\p{L}+/gu) ?? [];
  let count = 0;
  let isDeniedInSpanish = false;
  for (const [at, word] of words.entries()) {
    const isFrench =
      word === 'plus' && words.slice(Math.max(0, at - 4), at).some((each) => each === 'ne' || each === 'n');
    if (!isFrench && !denials.has(word)) continue;
    if (only.has(words[at + 1] ?? '')) continue;
    if (word === 'nor' && words.includes('neither')) continue;
    // "No se borra nunca" denies once.
    if (spanish.has(word) && isDeniedInSpanish) continue;
    isDeniedInSpanish ||= spanish.has(word);
    count++;
  }
  return count;
}

const exceptions = /(?<!\p{L})(?:unless|until|except|außer|bevor|sauf|avant que|salvo|hasta)(?!\p{L})/iu;
const exclusives = /(?<!\p{L})(?:only|nur|erst|seulement|que si|sólo|solo|solamente)(?!\p{L})/iu;

/** "Not unless" is "only if": what is denied in the one and said in the other is the same. */
export function isOtherwiseSaid(one: string, other: string): boolean {
  return (exceptions.test(one) && exclusives.test(other)) || (exceptions.test(other) && exclusives.test(one));
}

const pairs = [
  ['before', 'after'],
  ['above', 'below'],
  ['earlier', 'later'],
  ['more', 'less fewer'],
  ['most', 'least'],
  ['always', 'never'],
  ['all', 'none'],
  ['first', 'last'],
  ['minimum', 'maximum'],
  [
    'increase increases increased raise raises raised',
    'decrease decreases decreased reduce reduces reduced lower lowers lowered',
  ],
  ['enable enables enabled', 'disable disables disabled'],
  ['allow allows allowed permit permits permitted', 'deny denies denied refuse refuses refused'],
  ['start starts started', 'stop stops stopped'],
  ['with', 'without'],
  ['required mandatory', 'optional'],
  ['succeeds succeeded success', 'fails failed failure'],
  ['synchronous synchronously', 'asynchronous asynchronously'],
  ['public', 'private'],
  ['true', 'false'],
  ['vor', 'nach'],
  ['mehr', 'weniger'],
  ['mindestens', 'höchstens'],
  ['immer', 'nie niemals'],
  ['vorher', 'nachher danach'],
  ['erlaubt zulässig', 'verboten untersagt'],
  ['erhöht erhöhen', 'senkt senken verringert verringern'],
  ['avant', 'après'],
  ['plus', 'moins'],
  ['toujours', 'jamais'],
  ['augmente augmenter', 'diminue diminuer réduit réduire'],
  ['antes', 'después'],
  ['más', 'menos'],
  ['siempre', 'nunca'],
  ['aumenta aumentar', 'disminuye disminuir reduce reducir'],
].map(([one = '', other = '']) => [one.split(' '), other.split(' ')] as const);

/** A word of the one text whose opposite stands in the other, which has not the word itself. */
export function oppositeIn(said: string, source: string): { word: string; opposite: string } | undefined {
  const ours = new Set(said.toLowerCase().match(/\p{L}+/gu));
  const theirs = new Set(source.toLowerCase().match(/\p{L}+/gu));
  for (const [one, other] of pairs) {
    for (const [mine, against] of [
      [one, other],
      [other, one],
    ] as const) {
      const word = mine.find((each) => ours.has(each));
      const opposite = against.find((each) => theirs.has(each) && !ours.has(each));
      if (word !== undefined && opposite !== undefined && !mine.some((each) => theirs.has(each)))
        return { word, opposite };
    }
  }
  return undefined;
}
