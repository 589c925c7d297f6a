/**
 * Letters of other alphabets that are drawn like Latin ones: the part of Unicode TR39's confusables that Greek,
 * Cyrillic, Armenian, Cherokee, Coptic, Lisu and rare Latin letters make up, and a few that differ only in height.
 * What normalisation (NFKC) resolves by itself, such as full-width and mathematical letters, needs no entry.
 */
const lookalikes: Record<string, string> = {
  A: 'ΑАᎪꓮ',
  B: 'ΒВᏴꓐꞴ',
  C: 'СϹⲤᏟꓚ',
  D: 'Ꭰꓓ',
  E: 'ΕЕᎬꓰⴹ',
  F: 'ϜꓝꞘ',
  G: 'ԌᏀꓖ',
  H: 'ΗНⲎᎻꓧ',
  I: 'ΙІӀⲒꓲƖ',
  J: 'ЈͿᎫꓙꞲ',
  K: 'ΚКⲔᏦꓗ',
  L: 'ⳐᏞꓡ',
  M: 'ΜМϺⲘᎷꓟ',
  N: 'ΝⲚꓠ',
  O: 'ΟОՕⲞꓳⵔ',
  P: 'ΡРⲢᏢꓑ',
  Q: 'Ԛⵕ',
  R: 'ᎡᏒꓣƦ',
  S: 'ЅՏᏕᏚꓢ',
  T: 'ΤТⲦᎢꓔ',
  U: 'Սꓴ',
  V: 'ѴᏙꓦⴸ',
  W: 'ԜᎳᏔꓪ',
  X: 'ΧХⲬꓫꞳ',
  Y: 'ΥҮУⲨᎩꓬ',
  Z: 'ΖᏃꓜ',
  a: 'аαɑ',
  b: 'вЬьᏏƄ',
  c: 'сϲⲥᴄꮯ',
  d: 'ԁᏧꓒ',
  e: 'еҽꬲ℮',
  f: 'քꬵꞙ',
  g: 'ɡցᶃƍ',
  h: 'һհнᏂ',
  i: 'іιıɪɩꙇꭵᎥ',
  j: 'јϳ',
  k: 'кκᴋ',
  l: 'ӏǀן',
  m: 'мᴍ',
  n: 'ոռпɴ',
  o: 'оοօⲟᴏᴑჿס',
  p: 'рρϱⲣ',
  q: 'ԛգզ',
  r: 'гᴦⲅꭇꭈꮁ',
  s: 'ѕꜱƽꮪ',
  t: 'тτᴛ',
  u: 'υսᴜʋꞟ',
  v: 'νѵᴠꮩ',
  w: 'ԝѡաᴡɯꮃ',
  x: 'хχ',
  y: 'уүγʏყỿ',
  z: 'ᴢꮓ',
};

const latinOf: ReadonlyMap<string, string> = new Map(
  Object.entries(lookalikes).flatMap(([latin, letters]) => [...letters].map((letter) => [letter, latin] as const)),
);

/** Whether a letter of another alphabet could be taken for a Latin one. */
export const looksLatin = (letter: string): boolean => latinOf.has(letter);

/** A text as a reader would take it: compatible forms resolved, foreign look-alikes as the Latin letters they pose as. */
export function latinised(text: string): string {
  if (isAscii(text)) return text;
  return text.normalize('NFKC').replace(/\P{ASCII}/gu, (letter) => latinOf.get(letter) ?? letter);
}

/** A name in small letters without what separates its words: `Create-Issue` and `create_issue` are one. */
export function joinedName(name: string): string {
  if (isAscii(name)) return name.toLowerCase().replace(/[^a-z0-9]+/g, '');
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
}

/**
 * What a name looks like: two names with one skeleton can be taken for each other. Joined as above, look-alikes and
 * accents resolved, and the pairs that look alike within ASCII made one: 0 and o, 1 and i and l, rn and m, vv and w.
 */
export function skeletonOf(name: string): string {
  let seen = name;
  if (!isAscii(name)) seen = latinised(name.normalize('NFKD').replace(/[\p{M}\p{Default_Ignorable_Code_Point}]/gu, ''));
  return joinedName(seen).replace(/[01i]|rn|vv/g, (alike) => alikes[alike] ?? alike);
}

const alikes: Record<string, string> = { 0: 'o', 1: 'l', i: 'l', rn: 'm', vv: 'w' };

/** The words of a name, split at separators and where a capital begins one. */
export function wordsOf(name: string): string[] {
  if (isAscii(name)) return name.match(/[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|[A-Z]|\d+/g) ?? [];
  return name
    .replace(/(?<=[\p{Ll}\d])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, ' ')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');
}

// Char codes beat a pattern here: this runs for every name of a large catalog.
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
