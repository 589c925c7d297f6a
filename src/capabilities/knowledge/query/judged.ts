import { hash } from 'node:crypto';

/** Some hundred bytes each. */
const mostTexts = 5_000;

/**
 * The same function of a text, which remembers what it said of those that it judged last: the passages that are told are often
 * the same ones. By their digests, so that no text is held.
 */
export function rememberingJudge(judge: (text: string) => string[]): (text: string) => string[] {
  const known = new Map<string, string[]>(); // the longest unused first
  return (text) => {
    const key = hash('sha256', text, 'base64');
    const said = known.get(key) ?? judge(text);
    known.delete(key);
    known.set(key, said);
    const [oldest] = known.keys();
    if (known.size > mostTexts && oldest !== undefined) known.delete(oldest);
    return said;
  };
}
