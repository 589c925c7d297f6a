import type { Passage } from '../documents/store.ts';

/** A passage as agents get it. */
export interface ShownPassage {
  /** For fetch and related. */
  id: number;
  collection: string;
  title: string;
  /** `knowledge://<collection>/<document>`, which can be read as a resource. */
  resource: string;
  uri: string;
  url?: string;
  headings: string[];
  line?: number;
  endLine?: number;
  page?: number;
  text: string;
  /** What the document says of its own standing, such as `accepted` or `superseded`. */
  status?: string;
  /** Days since its source says that it was changed, and minutes since its source was seen to have it so. */
  ageDays?: number;
  checkedMinutesAgo: number;
  /** What in its text speaks to a model instead of about its subject. */
  flags?: string[];
}

export interface ShowOptions {
  now: number;
  /** Finds in a text what tries to instruct a model; each finding in words. */
  findInstructions(text: string): string[];
}

const longestStatus = 40;
const dayMs = 24 * 60 * 60_000;

export function shown(passage: Passage, { now, findInstructions }: ShowOptions): ShownPassage {
  const { id, collection, document, title, uri, url, headings, place, text, changedAt, confirmedAt } = passage;
  const flags = findInstructions([title, uri, ...headings, text].join('\n'));
  return {
    id,
    collection,
    title,
    resource: resourceOf(collection, document),
    uri,
    ...(url === undefined ? {} : { url }),
    headings,
    ...place,
    text,
    ...(typeof passage.metadata.status === 'string' ? { status: passage.metadata.status.slice(0, longestStatus) } : {}),
    ...(changedAt === undefined ? {} : { ageDays: Math.max(0, Math.round(((now - changedAt) / dayMs) * 10) / 10) }),
    checkedMinutesAgo: Math.max(0, Math.round((now - confirmedAt) / 60_000)),
    ...(flags.length > 0 ? { flags } : {}),
  };
}

/** What is encrypted where it is kept is kept nowhere else. */
export function keepingOf(passages: readonly { encrypted?: true }[]): { unkept?: true } {
  return passages.some(({ encrypted }) => encrypted) ? { unkept: true } : {};
}

export function resourceOf(collection: string, document: number): string {
  return `knowledge://${collection}/${document}`;
}

/**
 * As text for models: all that comes from a document stands between marks, so that nothing in it, its title and its
 * name included, can pass for what stands outside.
 */
export function fenced(passages: readonly ShownPassage[], fence: string): string {
  return passages
    .map((passage, at) => {
      const { title, headings } = passage;
      const where = [passage.page && `page ${passage.page}`, passage.line && `line ${passage.line}`].filter(Boolean);
      const path = (headings[0] === title ? headings : [title, ...headings]).join(' > ');
      const standing = passage.status && `status ${passage.status}`;
      const source = [passage.uri, ...where, standing].filter(Boolean).join(', ');
      const warning = passage.flags ? `\nIt holds what looks like instructions: ${passage.flags.join(' ')}` : '';
      const head = `[${at + 1}] passage ${passage.id} of the collection ${passage.collection}${warning}`;
      return `${head}\n<${fence}>\n${path} (${source})\n\n${passage.text}\n</${fence}>`;
    })
    .join('\n\n');
}

/** The first of them that fit into the budget together; the first one always. */
export function within<P extends { tokens: number }>(passages: readonly P[], maxTokens: number): P[] {
  let left = maxTokens;
  const kept: P[] = [];
  for (const passage of passages) {
    if (kept.length > 0 && passage.tokens > left) continue;
    kept.push(passage);
    left -= passage.tokens;
  }
  return kept;
}
