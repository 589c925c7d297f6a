import { basename, extname } from 'node:path/posix';
import type { WebSourceSettings } from '../../../../config/knowledge-schema.ts';
import {
  SourceItemGone,
  SourceItemUnavailable,
  SourceItemUnfit,
  SourceMisconfigured,
  SourceUnavailable,
} from '../errors.ts';
import { unfitByFacts } from '../fitness.ts';
import { createSelection } from '../selection.ts';
import type { Gone, ScanEnd, ScanOptions, Source, SourceDeps, SourceItem } from '../types.ts';
import { isSameSite, pageAddress, pathOf } from './addresses.ts';
import { linksOf } from './links.ts';
import { noRobots, parseRobots, type Robots } from './robots.ts';
import { parseSitemap } from './sitemap.ts';
import { createVisitor, type Visit, type Visitor } from './visitor.ts';

const maxSitemaps = 200;

/** A page, those it leads to on its site, and those of its sitemap. */
export function openWeb(settings: WebSourceSettings, { egress, userAgent }: SourceDeps): Source {
  return {
    kind: 'web',
    async *scan(options) {
      const { delayMs, concurrency } = settings;
      const visitor = createVisitor({ egress, userAgent, delayMs, concurrency });
      const root = new URL(settings.web);
      root.hash = '';
      const robots = await fetchRobots({ visitor, root, agent: userAgent.replace(/\/.*/, ''), signal: options.signal });
      visitor.slowDown(robots.delayMs);
      return yield* walk({ settings, visitor, robots, root, options });
    },
  };
}

interface RobotsOptions {
  visitor: Visitor;
  root: URL;
  agent: string;
  signal: AbortSignal;
}

/** A server that cannot tell its rules now is left alone, as RFC 9309 asks. */
async function fetchRobots({ visitor, root, agent, signal }: RobotsOptions): Promise<Robots> {
  const visit = await visitor.visit(new URL('/robots.txt', root), () => undefined, signal);
  if (visit.kind === 'page') return parseRobots(Buffer.from(visit.bytes).toString('utf8'), agent);
  if (visit.kind !== 'failed') return noRobots;
  if (visit.blocked) throw visit.blocked;
  const { status = 500 } = visit;
  if (status < 500 && status !== 429) return noRobots;
  throw SourceUnavailable({ source: root.host, reason: `of its robots.txt, ${visit.reason}` });
}

interface Walk {
  settings: WebSourceSettings;
  visitor: Visitor;
  robots: Robots;
  root: URL;
  options: ScanOptions;
}

interface Target {
  url: URL;
  /** From the sitemap, for which nobody need ask yet. */
  lastmod?: string;
}

async function* walk({ settings, visitor, robots, root, options }: Walk): AsyncGenerator<SourceItem | Gone, ScanEnd> {
  const { problem } = options;
  const skipped = options.skipped ?? (() => {});
  const { depth, maxPages, concurrency } = settings;
  const selection = createSelection(settings);
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const seen = new Set<string>();
  const yielded = new Set<string>();
  let whole = true;
  let count = 0;

  /** Why an address is none of this source. */
  function judge(url: URL): string | undefined {
    if (!isSameSite(url, root)) return 'it is another site';
    if (!robots.allows(url)) return 'robots.txt forbids it';
    return url.href === root.href || selection.wants(pathOf(url)) ? undefined : 'it is not included';
  }

  function add(targets: Target[], href: string, base: URL, lastmod?: string): void {
    const url = pageAddress(href, base, settings);
    if (!url || !isSameSite(url, root) || seen.has(url.href)) return;
    seen.add(url.href);
    if (unfitByFacts({ name: url.pathname, size: 0 }) !== undefined) return;
    const refused = judge(url);
    if (refused === undefined) targets.push(lastmod === undefined ? { url } : { url, lastmod });
    else if (refused.startsWith('robots')) skipped(url.href, refused);
  }

  function lazily({ url, lastmod = '' }: Target): SourceItem {
    const { href } = url;
    const changedAt = Date.parse(lastmod);
    const mediaType = mediaTypeOf(url);
    return {
      uri: href,
      name: nameOf(url),
      url: href,
      revision: `lastmod ${lastmod}`,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(Number.isNaN(changedAt) ? {} : { changedAt }),
      metadata: {},
      read: async (readSignal) => bytesOf(await visitor.visit(url, judge, readSignal), href, mediaType),
    };
  }

  /** The page under its one true address, or undefined when that was told before. */
  async function itemOf(visit: Visit & { kind: 'page' }, below: Target[] | undefined): Promise<SourceItem | undefined> {
    const { bytes, mediaType, revision, changedAt } = visit;
    let url =
      pageAddress(visit.url.href, visit.url, { query: settings.query || visit.url.href === root.href }) ?? visit.url;
    if (isHtml(mediaType)) {
      const { links, canonical, base, cut } = await linksOf(bytes);
      const from = base !== undefined && URL.canParse(base, visit.url.href) ? new URL(base, visit.url) : visit.url;
      if (below) for (const link of links) add(below, link, from);
      if (below && cut) {
        problem(url.href, 'it is too large or too odd for all of its links to be followed');
        whole = false;
      }
      const told = canonical === undefined ? undefined : pageAddress(canonical, from, settings);
      // A site that calls its first page the true address of all its pages is mistaken.
      if (told && (told.pathname !== '/' || url.pathname === '/') && judge(told) === undefined) url = told;
    }
    seen.add(url.href);
    if (yielded.has(url.href)) return undefined;
    yielded.add(url.href);
    return {
      uri: url.href,
      name: nameOf(url),
      url: visit.url.href,
      ...(mediaType === '' ? {} : { mediaType }),
      ...(revision === undefined ? {} : { revision }),
      ...(changedAt === undefined ? {} : { changedAt }),
      metadata: {},
      read: async (readSignal) => {
        readSignal.throwIfAborted();
        return bytes;
      },
    };
  }

  async function sitemapTargets(): Promise<Target[]> {
    if (settings.sitemap === false) return [];
    const named = typeof settings.sitemap === 'string' ? [settings.sitemap] : robots.sitemaps;
    const open = named.length > 0 ? [...named] : [new URL('/sitemap.xml', root).href];
    const asked = new Set<string>();
    const targets: Target[] = [];
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const url = pageAddress(next, root, { query: true });
      if (!url || asked.has(url.href)) continue;
      if (asked.size === maxSitemaps || targets.length >= maxPages) {
        problem(url.href, 'there are more sitemaps than are read; the rest is left out');
        whole = false;
        break;
      }
      asked.add(url.href);
      // It may lie elsewhere: whoever keeps the settings or robots.txt names it, and the guard looks on.
      const visit = await visitor.visit(url, () => undefined, signal);
      const sitemap = visit.kind === 'page' ? await parseSitemap(visit.bytes) : undefined;
      if (!sitemap) {
        problem(url.href, visit.kind === 'page' ? 'it is no sitemap' : reasonOf(visit));
        whole = false;
        continue;
      }
      for (const { loc, lastmod } of sitemap.entries) {
        if (sitemap.kind === 'index') open.push(loc);
        else add(targets, loc, root, lastmod);
      }
    }
    return targets;
  }

  async function* level(targets: readonly Target[], below: Target[] | undefined): AsyncGenerator<SourceItem | Gone> {
    const queue = [...targets];
    const running = new Map<URL, Promise<{ url: URL; visit: Visit }>>();
    while (queue.length > 0 || running.size > 0) {
      signal.throwIfAborted();
      while (running.size < concurrency && queue.length > 0) {
        const target = queue.shift() as Target;
        if (++count > maxPages) {
          problem(target.url.href, `there are more than ${maxPages} pages; the rest is left out`);
          whole = false;
          queue.length = 0;
        } else if (target.lastmod !== undefined && !below) {
          if (yielded.has(target.url.href)) continue;
          yielded.add(target.url.href);
          yield lazily(target);
        } else {
          const { url } = target;
          const visiting = visitor.visit(url, judge, signal).then((visit) => ({ url, visit }));
          visiting.catch(() => {}); // another one may end the scan first
          running.set(url, visiting);
        }
      }
      if (running.size === 0) continue;
      const { url, visit } = await Promise.race(running.values());
      running.delete(url);
      if (visit.kind === 'page') {
        const item = await itemOf(visit, below);
        if (item) yield item;
      } else if (url.href === root.href) yield* rootWithout(visit);
      else if (visit.kind === 'gone') yield { gone: url.href };
      else if (visit.kind === 'left') skipped(url.href, visit.reason);
      else {
        problem(url.href, visit.reason);
        if (below) whole = false; // what only it leads to is not gone
      }
    }
  }

  /** The page where reading begins is not to be had. */
  function* rootWithout(visit: Exclude<Visit, { kind: 'page' }>): Generator<Gone> {
    if (visit.kind === 'failed' && visit.blocked) throw visit.blocked;
    if (settings.sitemap !== false) problem(root.href, reasonOf(visit));
    else if (visit.kind === 'gone' && depth === 0) yield { gone: root.href };
    else throw SourceUnavailable({ source: `${root.host}${root.pathname}`, reason: reasonOf(visit) });
  }

  try {
    seen.add(root.href);
    const refused = judge(root);
    if (refused !== undefined) {
      throw SourceMisconfigured({
        source: `${root.host}${root.pathname}`,
        reason: refused,
        remedy: 'Begin at another page, or ask whoever keeps the site.',
      });
    }
    const fromSitemap = await sitemapTargets();
    let targets: Target[] = [{ url: root }, ...fromSitemap];
    for (let at = 0; at <= depth && targets.length > 0; at++) {
      const below: Target[] | undefined = at < depth ? [] : undefined;
      yield* level(targets, below);
      targets = below ?? [];
    }
    return { whole };
  } finally {
    ending.abort(new Error('the scan is over'));
  }
}

function reasonOf(visit: Exclude<Visit, { kind: 'page' }>): string {
  return visit.kind === 'gone' ? 'it is not there' : visit.reason;
}

function isHtml(mediaType: string): boolean {
  return mediaType === '' || mediaType === 'text/html' || mediaType === 'application/xhtml+xml';
}

export function nameOf(url: URL): string {
  return basename(pathOf(url)) || url.host;
}

/** What a page of the sitemap will be, as far as its address tells; a page as a rule. */
function mediaTypeOf(url: URL): string | undefined {
  return /^(|\.html?|\.php|\.aspx?|\.jsp)$/i.test(extname(url.pathname)) ? 'text/html' : undefined;
}

function bytesOf(visit: Visit, uri: string, mediaType: string | undefined): Uint8Array {
  switch (visit.kind) {
    case 'page':
      if (mediaType === 'text/html' && !isHtml(visit.mediaType))
        throw SourceItemUnfit({ uri, reason: `it is ${visit.mediaType}, which its address does not tell` });
      return visit.bytes;
    case 'gone':
      throw SourceItemGone({ uri });
    case 'left':
      throw SourceItemUnfit({ uri, reason: visit.reason });
    default:
      throw SourceItemUnavailable({ uri, reason: visit.reason });
  }
}
