// How text becomes words, and words become stems: identifiers are taken apart, accents and endings go.

const longestWord = 40; // hashes and encoded data are no words
const dense =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/**
 * Lower-case words of a text in its order: `getHTTPStatus_v2` as `get http status v2`.
 *
 * @param isIdentifier whether `GitHub` is two words too; in prose it is one, while `listIssues` is always two
 */
export function wordsOf(text: string, isIdentifier = false): string[] {
  const words: string[] = [];
  for (const run of runsOf(text)) {
    for (const part of partsOf(run, isIdentifier)) {
      const word = part.toLowerCase();
      if (dense.test(word)) words.push(...pairsOf(word));
      else if (word.length <= longestWord) words.push(word);
    }
  }
  return words;
}

/** Letters and digits that stand together, without accents and without what follows an apostrophe. */
export function runsOf(text: string): readonly string[] {
  const isPlain = !/[^\s!-~]/.test(text); // as nearly every definition is
  const whole = /['’]/.test(text) ? text.replace(/(?<=[\p{L}])['’]\p{Ll}{1,2}(?!\p{L})/gu, '') : text;
  if (isPlain) return whole.match(/[A-Za-z0-9]+/g) ?? [];
  const bare = whole
    .normalize('NFKD')
    .replace(/(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu, '');
  return bare.normalize('NFC').match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
}

function partsOf(run: string, isIdentifier: boolean): string[] {
  if (!isIdentifier && /^[A-Z]/.test(run)) return [run];
  if (!/[a-z][A-Z]|[A-Z]{2}[a-z]/.test(run)) return [run];
  return run
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(' ');
}

/** Scripts that write no spaces, or glue their endings on: every two neighbours stand for a word. */
function pairsOf(run: string): string[] {
  const letters = [...run].slice(0, longestWord);
  if (letters.length < 2) return letters;
  return letters.slice(1).map((letter, at) => `${letters[at]}${letter}`);
}

const vowel = /[aeiouy]/;

/** What no ending tells, as `base: forms`. */
const irregular = new Map(
  `run: ran; write: wrote written; make: made; send: sent; give: gave given; take: took taken; find: found; hold: held;
  build: built; break: broke broken; choose: chose chosen; keep: kept; lose: lost; pay: paid; say: said; see: saw seen;
  show: shown; spend: spent; tell: told; begin: began begun; buy: bought; catch: caught; draw: drew drawn; drive: drove driven;
  forget: forgot forgotten; freeze: froze frozen; hide: hid hidden; know: knew known; mean: meant; sell: sold; fly: flew flown;
  speak: spoke spoken; steal: stole stolen; teach: taught; throw: threw thrown; think: thought; bring: brought; leave: left;
  bind: bound; fall: fell fallen; get: got gotten; go: went gone; become: became; stick: stuck; understand: understood;
  grow: grew grown; hear: heard; tear: tore torn; wear: wore worn; child: children; person: people persons; index: indices;
  analysis: analyses; criterion: criteria; analyze: analyse; organization: organisation; license: licence; color: colour;
  behavior: behaviour; favorite: favourite; artifact: artefact; catalog: catalogue; cancel: cancelled cancelling canceled`
    .split(';')
    .flatMap((line) => {
      const [base = '', forms = ''] = line.split(':');
      return forms
        .trim()
        .split(' ')
        .map((form): [string, string] => [form, base.trim()]);
    }),
);

/** Short for another word, as people and names write it. */
const abbreviations = new Map(
  `repo: repository; org: organization; dir: directory; env: environment; config: configuration; cfg: configuration;
  conf: configuration; db: database; admin: administrator; auth: authentication; app: application; k8s: kubernetes;
  var: variable; param: parameter; arg: argument; attr: attribute; msg: message; img: image; pic: picture; info: information;
  perm: permission; pkg: package; lib: library; prod: production; dev: development; fn: function; func: function; js: javascript;
  ts: typescript; md: markdown; stat: statistic; desc: description; addr: address; num: number; tmp: temporary; temp: temporary;
  prev: previous; cmd: command; exec: execute; ref: reference; docs: documentation; lang: language; acct: account;
  mgmt: management; del: delete; upd: update; pr: pull request; mr: merge request; ci: continuous integration`
    .split(';')
    .map((line) => {
      const [short = '', long = ''] = line.split(':');
      return [short.trim(), long.trim().split(' ').map(inflected).join(' ')];
    }),
);

/** A word without its inflection: `directories`, `directory` → `directori`; `creating`, `created`, `create` → `creat`. */
export function stemOf(word: string): string {
  const stem = inflected(word);
  return abbreviations.get(word) ?? abbreviations.get(stem) ?? stem;
}

function inflected(word: string): string {
  if (/[^a-z]/.test(word)) return word;
  let stem = irregular.get(word) ?? (word.length > 2 ? withoutPlural(word) : word);
  if (stem.length <= 3) return stem;
  stem = irregular.get(stem) ?? stem;
  if (stem.endsWith('ing')) stem = withoutEnding(stem, 3);
  else if (stem.endsWith('ed') && !stem.endsWith('eed')) stem = withoutEnding(stem, 2);
  if (stem.length > 3 && stem.endsWith('e') && !stem.endsWith('ee')) stem = stem.slice(0, -1);
  if (stem.length > 2 && stem.endsWith('y') && !vowel.test(stem.at(-2) ?? '')) stem = `${stem.slice(0, -1)}i`;
  return stem;
}

// Their plural is one thing, which is got rather than listed.
const oneInPlural = new Set([
  'details',
  'contents',
  'settings',
  'news',
  'docs',
  'stats',
  'statistics',
  'metrics',
  'logs',
  'notes',
  'access',
  'options',
  'preferences',
  'credentials',
]);

/** Whether a word speaks of several. */
export function isPlural(word: string): boolean {
  return word === 'people' || (withoutPlural(word) !== word && !oneInPlural.has(word));
}

function withoutPlural(word: string): string {
  if (!word.endsWith('s') || /(ss|us|is)$/.test(word)) return word;
  if (word.endsWith('ies')) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1);
  if (/(ss|x|ch|sh|zz)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

function withoutEnding(word: string, length: number): string {
  const rest = word.slice(0, -length);
  if (rest.length < 2 || !vowel.test(rest)) return word; // string, bring, red
  return withoutDouble(rest);
}

function withoutDouble(word: string): string {
  const last = word.at(-1) ?? '';
  const isDouble = word.length > 3 && last === word.at(-2) && !'lsz'.includes(last) && !vowel.test(last);
  return isDouble ? word.slice(0, -1) : word;
}

const derivations =
  /(?:ifications?|ization|isation|abiliti|ibiliti|ations?|ators?|ements?|ments?|encies|enci|anci|ance|ence|itions?|ions?|ness|able|abl|ibl|iti|ent|ant|ive|iv|ors?|ers?|ees?|(?<=[vws])al|at|li|l[iy])$/;

/**
 * What words of one family share: `deployment`, `deploy`, `deployer` → `deploy`. Takes a stem, and joins more than a
 * stem should, so it only ever widens a search.
 */
export function rootOf(stem: string): string {
  if (stem.length < 6 || /[^a-z]/.test(stem)) return stem;
  const rest = stem.replace(derivations, '');
  return rest.length < 3 || rest === stem ? stem : withoutDouble(rest);
}

/** @param words with spaces between them */
export function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}
