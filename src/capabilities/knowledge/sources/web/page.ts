import type { FairleadError } from '../../../../kernel/errors.ts';
import type { SourceDeps } from '../types.ts';
import { createVisitor } from './visitor.ts';
import { nameOf } from './web.ts';

/** A page that somebody named, as it was fetched. */
export interface Page {
  bytes: Uint8Array;
  /** Empty where the server does not say. */
  mediaType: string;
  /** Where redirects led. */
  url: string;
  /** Says what it may be, by its ending. */
  name: string;
  /** By its server; milliseconds since the epoch. */
  changedAt?: number;
}

export type FetchPage = (url: URL, signal: AbortSignal) => Promise<Page | { refused: string; blocked?: FairleadError }>;

/** Only so many at once, whoever asks: each may have 50 MB. */
const atOnce = 4;

/**
 * Fetches single pages that callers name: through the guard, on each redirect again, within the bounds of time and size of
 * every source. No robots.txt is asked: it speaks to programs that follow links, and here somebody wants this one page.
 */
export function createPages({ egress, userAgent }: Pick<SourceDeps, 'egress' | 'userAgent'>): FetchPage {
  const visitor = createVisitor({ egress, userAgent, delayMs: 0, concurrency: atOnce });
  return async (url, signal) => {
    const visit = await visitor.visit(url, () => undefined, signal);
    if (visit.kind === 'page') {
      const { bytes, mediaType, changedAt } = visit;
      const page = { bytes, mediaType, url: visit.url.href, name: nameOf(visit.url) };
      return changedAt === undefined ? page : { ...page, changedAt };
    }
    if (visit.kind === 'gone') return { refused: 'it is not there' };
    const blocked = visit.kind === 'failed' ? visit.blocked : undefined;
    return { refused: visit.reason, ...(blocked ? { blocked } : {}) };
  };
}
