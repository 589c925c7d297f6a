/** Which operations become tools. */
export interface Selection {
  tags?: readonly string[] | undefined;
  /** Operation ids, names of tools, or `GET /pets`. */
  operations?: readonly string[] | undefined;
  exclude?: { tags?: readonly string[] | undefined; operations?: readonly string[] | undefined } | undefined;
}

export interface Candidate {
  operationId?: string | undefined;
  tool: string;
  method: string;
  path: string;
  tags: readonly string[];
}

export interface Selector {
  takes(candidate: Candidate): boolean;
  /** What the selection names and nothing matched so far, as it stands there. */
  unmatched(): string[];
}

/** Everything when nothing is named; what is named by a tag or as an operation otherwise; never what is excluded. */
export function createSelector({ tags = [], operations = [], exclude = {} }: Selection): Selector {
  const matched = new Set<string>();
  const all = tags.length === 0 && operations.length === 0;

  const hit = (kind: string, wanted: readonly string[] = [], found: (pattern: string) => boolean): boolean => {
    let any = false;
    for (const pattern of wanted) {
      if (!found(pattern)) continue;
      matched.add(`${kind} "${pattern}"`);
      any = true;
    }
    return any;
  };

  const named = (kind: string, from: Omit<Selection, 'exclude'>, candidate: Candidate): boolean => {
    const { operationId, tool, method, path } = candidate;
    const names = [tool, `${method.toUpperCase()} ${path}`, ...(operationId === undefined ? [] : [operationId])];
    const byTag = hit(`${kind}tag`, from.tags, (pattern) => candidate.tags.some((tag) => fits(pattern, tag)));
    const byName = hit(`${kind}operation`, from.operations, (pattern) => {
      const upper = pattern.replace(/^[a-z]+ /, (verb) => verb.toUpperCase());
      return names.some((name) => fits(upper, name) || fits(pattern, name));
    });
    return byTag || byName;
  };

  return {
    takes(candidate) {
      const wanted = named('', { tags, operations }, candidate);
      const unwanted = named('excluded ', exclude, candidate);
      return (all || wanted) && !unwanted;
    },
    unmatched: () =>
      [
        ...tags.map((tag) => `tag "${tag}"`),
        ...operations.map((operation) => `operation "${operation}"`),
        ...(exclude.tags ?? []).map((tag) => `excluded tag "${tag}"`),
        ...(exclude.operations ?? []).map((operation) => `excluded operation "${operation}"`),
      ].filter((entry) => !matched.has(entry)),
  };
}

/** Whether a text is what a pattern says; `*` in it stands for anything. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  const last = rest.pop() ?? '';
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
