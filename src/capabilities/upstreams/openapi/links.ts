/**
 * The targets of a `Link` header with a relation, such as `next` (RFC 8288, 3). Reads each character once, whatever comes:
 * what is malformed ends the reading.
 */
export function linksOf(header: string | null, relation: string): string[] {
  const found: string[] = [];
  const text = header ?? '';
  let at = 0;
  const skip = (characters: string) => {
    while (at < text.length && characters.includes(text.charAt(at))) at++;
  };
  const upTo = (characters: string): string => {
    const from = at;
    while (at < text.length && !characters.includes(text.charAt(at))) at++;
    return text.slice(from, at);
  };
  const quoted = (): string => {
    let value = '';
    for (at++; at < text.length && text.charAt(at) !== '"'; at++) {
      if (text.charAt(at) === '\\') at++;
      value += text.charAt(at);
    }
    at++;
    return value;
  };

  for (;;) {
    skip(' \t,');
    if (text.charAt(at) !== '<') return found;
    at++;
    const target = upTo('>');
    at++;
    let relations = '';
    for (skip(' \t'); text.charAt(at) === ';'; skip(' \t')) {
      at++;
      skip(' \t');
      const name = upTo('=;, \t').toLowerCase();
      skip(' \t');
      if (text.charAt(at) !== '=') continue;
      at++;
      skip(' \t');
      const value = text.charAt(at) === '"' ? quoted() : upTo(';, \t');
      if (name === 'rel' && relations === '') relations = value.toLowerCase(); // the first one counts
    }
    if (relations.split(/\s+/).includes(relation)) found.push(target);
  }
}
