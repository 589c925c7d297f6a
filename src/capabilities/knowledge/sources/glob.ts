/** One line of a `.gitignore`, or one pattern of the settings, which are written alike. */
export interface PathPattern {
  negated: boolean;
  foldersOnly: boolean;
  /** @param steps of a path relative to where the pattern stands */
  fits(steps: readonly string[]): boolean;
}

const maxBraces = 64;

/**
 * A pattern as git reads it: `*`, `?` and `[a-z]` within a name, `**` for any folders, a slash at the beginning or in the
 * middle ties it to its place, a slash at the end means folders. Undefined for empty lines, comments and what is no pattern.
 * It takes time in proportion to the lengths of pattern and path, however many stars it has: anybody may have written it.
 */
export function parsePattern(line: string): PathPattern | undefined {
  let text = withoutTrailingBlanks(line.replace(/\r$/, ''));
  if (text.startsWith('#')) return undefined;
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  if (text === '') return undefined;
  const tied = text.includes('/');
  const steps = text.replace(/^\//, '').split('/');
  const matchers = (tied ? steps : ['**', ...steps]).map((step) => (step === '**' ? '**' : compileStep(step)));
  if (matchers.includes(undefined)) return undefined;
  return { negated, foldersOnly, fits: (path) => fitsSteps(matchers as StepMatcher[], path) };
}

function withoutTrailingBlanks(line: string): string {
  const trimmed = line.replace(/ +$/, '');
  return trimmed.length < line.length && /(^|[^\\])(\\\\)*\\$/.test(trimmed) ? `${trimmed} ` : trimmed;
}

type StepMatcher = '**' | ((name: string) => boolean);

/** One star remembered is enough: what a later star takes, an earlier one need not give back. */
function fitsSteps(matchers: readonly StepMatcher[], path: readonly string[]): boolean {
  let m = 0;
  let p = 0;
  let back: { m: number; p: number } | undefined;
  while (p < path.length) {
    const matcher = matchers[m];
    if (matcher === '**') {
      // At the end it stands for what is inside, not for the folder itself.
      if (m === matchers.length - 1) return true;
      back = { m, p };
      m++;
    } else if (matcher?.(path[p] as string)) {
      m++;
      p++;
    } else if (back) {
      p = ++back.p;
      m = back.m + 1;
    } else return false;
  }
  return m === matchers.length;
}

type Token = { kind: 'any' } | { kind: 'star' } | { kind: 'one'; fits(char: string): boolean };

/** Undefined where git takes the pattern for broken, which then fits nothing. */
function compileStep(step: string): ((name: string) => boolean) | undefined {
  const tokens: Token[] = [];
  const chars = [...step];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string;
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (char === '?') tokens.push({ kind: 'any' });
    else if (char === '[') {
      const set = parseSet(chars, i);
      if (!set) return undefined;
      tokens.push({ kind: 'one', fits: set.fits });
      i = set.end;
    } else {
      const meant = char === '\\' ? chars[++i] : char;
      if (meant === undefined) return undefined;
      tokens.push({ kind: 'one', fits: (other) => other === meant });
    }
  }
  return (name) => fitsTokens(tokens, [...name]);
}

function fitsTokens(tokens: readonly Token[], name: readonly string[]): boolean {
  let t = 0;
  let n = 0;
  let back: { t: number; n: number } | undefined;
  while (n < name.length) {
    const token = tokens[t];
    if (token?.kind === 'star') back = { t: t++, n };
    else if (token && (token.kind === 'any' || token.fits(name[n] as string))) {
      t++;
      n++;
    } else if (back) {
      n = ++back.n;
      t = back.t + 1;
    } else return false;
  }
  while (tokens[t]?.kind === 'star') t++;
  return t === tokens.length;
}

const named: Record<string, RegExp> = {
  alnum: /[a-z0-9]/i,
  alpha: /[a-z]/i,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /\s/,
  upper: /[A-Z]/,
  xdigit: /[0-9a-f]/i,
};

function parseSet(chars: readonly string[], start: number): { fits(char: string): boolean; end: number } | undefined {
  let i = start + 1;
  const inverted = chars[i] === '!' || chars[i] === '^';
  if (inverted) i++;
  const tests: ((char: string) => boolean)[] = [];
  for (let first = true; first || chars[i] !== ']'; first = false) {
    if (i >= chars.length) return undefined;
    const colon = chars[i] === '[' && chars[i + 1] === ':' ? /^\[:([a-z]*):\]/.exec(chars.slice(i).join('')) : null;
    if (colon) {
      const pattern = named[colon[1] ?? ''];
      if (!pattern) return undefined;
      tests.push((char) => pattern.test(char));
      i += colon[0].length;
      continue;
    }
    const from = chars[i] === '\\' ? chars[++i] : chars[i];
    i++;
    let to = from;
    if (chars[i] === '-' && chars[i + 1] !== undefined && chars[i + 1] !== ']') {
      to = chars[++i] === '\\' ? chars[++i] : chars[i];
      i++;
    }
    if (from === undefined || to === undefined) return undefined;
    tests.push((char) => codeOf(char) >= codeOf(from) && codeOf(char) <= codeOf(to));
  }
  return { fits: (char) => tests.some((test) => test(char)) !== inverted, end: i };
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

/** `{a,b}` written out, which git does not know and people expect in settings. What would be too many stays as it is. */
export function expandBraces(pattern: string): string[] {
  const results: string[] = [];
  const open = [pattern];
  while (open.length > 0) {
    if (results.length + open.length > maxBraces) return [pattern];
    const text = open.shift() as string;
    const found = /^((?:[^\\{]|\\.)*)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(text);
    if (!found) results.push(text);
    else open.unshift(...(found[2] as string).split(',').map((choice) => `${found[1]}${choice}${found[3]}`));
  }
  return results;
}
