/** One kind of secret that shows by its looks. */
export interface SecretPattern {
  name: string;
  /** Source of an expression that is found, in any case of letters, in every text that the rule would change. */
  hint: string;
  apply(text: string, instead: string): string;
}

// Each pattern starts at a fixed text and then takes all that could belong to it, with nothing that must follow;
// what is no secret after all is put back. So none can be made to backtrack: foreign text costs linear time.
const privateKey = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g;

const header =
  /\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(\\?["']?\s{0,8}[:=]\s{0,8}\\?["']?)([^"'\\\r\n]+)/gi;

const scheme = /\b(bearer|basic)(\s{1,8}|%20)([A-Za-z0-9._~+/=-]*)/gi;

const jsonWebToken = /eyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)*/g;

// Our own keys, and those of systems that upstreams often stand before.
const theirs =
  'gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk-|sk_live_|rk_live_|npm_|pypi-|hvs\\.|dop_v1_|ATATT|AIza|AKIA|ASIA|SG\\.|pul-|glc_|glsa_';
const prefixed = new RegExp(`(fl(?:s|bg|bs)?_|(?<![A-Za-z0-9])(?:${theirs}))([A-Za-z0-9_.=-]*)`, 'g');

const url = /:\/\/[^\s"'<>\\]*/g;

const names =
  'pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|private[_-]?key|signing[_-]?key|credentials?|signature|sig';
const quoted = `"(?:[^"\\\\]|\\\\[\\s\\S])*"?|'(?:[^'\\\\]|\\\\[\\s\\S])*'?|\\\\"[^"\\\\]*`;
const named = new RegExp(
  `(${names})((?:\\\\?["'])?\\s{0,8}=\\s{0,8}|\\\\?["']\\s{0,8}:\\s{0,8})(${quoted}|[^\\s"'\\\\,;&<>(){}\\[\\]]+)`,
  'gi',
);

/** In the order in which they are applied. */
export const rules: readonly SecretPattern[] = [
  { name: 'private key', hint: '-----BEGIN ', apply: (text, instead) => text.replace(privateKey, instead) },
  {
    name: 'header',
    hint: 'authorization|cookie|x-api-key',
    apply: (text, instead) => text.replace(header, (_, name: string, between: string) => `${name}${between}${instead}`),
  },
  {
    name: 'authorization scheme',
    hint: 'bearer|basic',
    apply: (text, instead) =>
      text.replace(scheme, (all: string, kind: string, gap: string, value: string) =>
        looksRandom(value) ? `${kind}${gap}${instead}` : all,
      ),
  },
  {
    name: 'JSON Web Token',
    hint: 'eyJ',
    apply: (text, instead) =>
      text.replace(jsonWebToken, (all) => (all.length >= 16 && all.includes('.') ? instead : all)),
  },
  {
    name: 'key with a known prefix',
    hint: `fl(?:s|bg|bs)?_|${theirs}`,
    apply: (text, instead) =>
      text.replace(prefixed, (all: string, _prefix: string, value: string) => (value.length < 12 ? all : instead)),
  },
  {
    name: 'password of a URL',
    hint: '://',
    apply: (text, instead) =>
      text.replace(url, (all: string, at: number) =>
        withoutPassword(all, webScheme.test(text.slice(Math.max(0, at - 5), at)), instead),
      ),
  },
  {
    name: 'named value',
    hint: '=|["\']\\s{0,8}:',
    apply: (text, instead) =>
      text.replace(named, (_, name: string, between: string, value: string) => {
        const quote = /^\\?["']/.exec(value)?.[0] ?? '';
        const closed = quote !== '' && value.length > quote.length && value.endsWith(quote);
        return `${name}${between}${quote}${instead}${closed ? quote : ''}`;
      }),
  },
];

/** Found in every text that any of the rules would change: most texts have nothing of the kind. */
export const mayHoldSecret: RegExp = new RegExp(rules.map(({ hint }) => hint).join('|'), 'i');

const webScheme = /(?:https?|wss?)$/i;

// A database's password may hold a raw slash, so there everything up to the last @ goes; in a web address an @ may
// well stand in the path.
function withoutPassword(rest: string, web: boolean, instead: string): string {
  const end = web ? rest.slice(3).search(/[/?#]/) : -1;
  const authority = end < 0 ? rest.slice(3) : rest.slice(3, 3 + end);
  const at = authority.lastIndexOf('@');
  const colon = authority.indexOf(':');
  return at < 0 || colon < 0 || colon > at ? rest : `${rest.slice(0, 3 + colon + 1)}${instead}${rest.slice(3 + at)}`;
}

// Tells a token from the words of a sentence such as "bearer authentication failed".
function looksRandom(value: string): boolean {
  return value.length >= 8 && (value.length >= 20 || /[0-9_~+/=]|[a-z][A-Z]/.test(value));
}
