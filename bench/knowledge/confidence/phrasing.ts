// Questions made of what documents say, by rules: as somebody would ask who has not read the text.

export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Always the same for the same text. */
export function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (const sign of text) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 16_777_619);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 8;
}

/** What people say for what documents say; either way. */
const synonyms: readonly (readonly string[])[] = [
  ['function', 'method'],
  ['remove', 'delete'],
  ['create', 'make'],
  ['error', 'failure'],
  ['option', 'setting'],
  ['options', 'settings'],
  ['use', 'apply'],
  ['return', 'give'],
  ['returns', 'gives'],
  ['file', 'document'],
  ['folder', 'directory'],
  ['convert', 'turn'],
  ['allow', 'permit'],
  ['allows', 'permits'],
  ['start', 'launch'],
  ['stop', 'end'],
  ['fast', 'quick'],
  ['default', 'standard'],
  ['parameter', 'argument'],
  ['arguments', 'parameters'],
  ['check', 'verify'],
  ['get', 'fetch'],
  ['value', 'content'],
  ['string', 'text'],
  ['list', 'array'],
  ['object', 'record'],
  ['browser', 'client'],
  ['change', 'modify'],
  ['add', 'insert'],
  ['show', 'display'],
  ['support', 'handle'],
  ['supports', 'handles'],
  ['package', 'library'],
  ['install', 'set up'],
  ['example', 'sample'],
  ['match', 'fit'],
  ['request', 'call'],
  ['throw', 'raise'],
  ['throws', 'raises'],
  ['ignore', 'skip'],
  ['specify', 'define'],
  ['require', 'need'],
  ['requires', 'needs'],
  ['contain', 'hold'],
  ['contains', 'holds'],
  ['build', 'compile'],
  ['write', 'output'],
  ['read', 'load'],
];

const small = new Set(
  'a an the of to in on for and or is are be by with as at it its this that these those from if then than so not can may will you your we i do does has have which when what how there all any more also only into such via'.split(
    ' ',
  ),
);

const fillers = [
  'I have been working on a new service for my colleague and would like to understand:',
  'Please explain to a beginner in our team',
  'We wonder, since yesterday evening nothing works as hoped for,',
  'My manager asked me about this before the meeting tomorrow:',
  'Is anybody here able to tell me, ideally with a short explanation,',
];
const openings = ['how can I', 'is it possible to', 'what happens with', 'why', 'where do I find', '', '', ''];

const isTelling = (word: string): boolean => word.length > 2 && !small.has(word.toLowerCase());

/** Some of its words are left out, and what is left keeps its order. */
export function shortened(sentence: string, random: Random): string {
  const words = sentence.split(/\s+/).filter((word) => isTelling(word.replace(/[^\p{L}\p{N}]/gu, '')));
  const kept = words.filter(() => random() < 0.6);
  return (kept.length >= 3 ? kept : words.slice(0, 4)).slice(0, 9).join(' ');
}

/** Words give way to others that mean the same, or take another form. */
export function reworded(words: string, random: Random): string {
  return words
    .split(' ')
    .map((word) => {
      const plain = word.toLowerCase().replace(/[^\p{L}\p{N}'-]/gu, '');
      const group = synonyms.find((one) => one.includes(plain));
      if (group) return group.find((one) => one !== plain) ?? word;
      if (!/^[a-z]{4,}$/.test(plain) || random() < 0.5) return word;
      if (plain.endsWith('ing')) return plain.slice(0, -3);
      if (plain.endsWith('s') && !plain.endsWith('ss')) return plain.slice(0, -1);
      return random() < 0.1 ? slipped(plain, random) : /[sxzyh]$/.test(plain) ? word : `${plain}s`;
    })
    .join(' ');
}

/** Two neighbours swapped, as fingers do. */
function slipped(word: string, random: Random): string {
  const at = 1 + Math.floor(random() * (word.length - 2));
  return word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2);
}

export function verbose(words: string, random: Random): string {
  return `${pick(fillers, random)} ${pick(openings, random)} ${words}?`;
}

export function asked(words: string, random: Random): string {
  return `${pick(openings, random)} ${words}`.trim();
}

export function ofHeading(heading: string, random: Random): string {
  const ways = ['how to', 'what is', 'documentation of', 'tell me about', '', ''];
  return `${pick(ways, random)} ${heading}`.trim();
}

const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)] as T;

/** Sentences of prose that say something. */
export function sentencesOf(text: string): string[] {
  const prose = text
    .replace(/```[\s\S]*?(```|$)/g, ' ')
    .replace(/^\s*(\||<|#|>|\[!).*$/gm, ' ')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`_]/g, '')
    .replace(/https?:\S+/g, ' ');
  return prose
    .split(/(?<=[.!?:])\s+|\n{2,}|\n\s*[-+*]\s/)
    .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
    .filter((sentence) => {
      const words = sentence.split(' ');
      return (
        words.length >= 8 && words.length <= 32 && words.filter(isTelling).length >= 5 && /^[\p{L}]/u.test(sentence)
      );
    });
}
