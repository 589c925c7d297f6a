import type { ConfluenceSourceSettings } from '../../../../config/knowledge-schema.ts';
import { isObject } from '../../../../kernel/json.ts';
import { SourceItemUnavailable } from '../errors.ts';
import type { ScanEnd, ScanOptions, Source, SourceDeps, SourceItem } from '../types.ts';
import { createRestrictions, type Restrictions } from './restrictions.ts';
import { asItemFault, asSourceFault, createSite, listIn, type Site, SiteFault, textIn } from './site.ts';
import { htmlOfStorage } from './storage.ts';

const pageSize = 100;
const atOnce = 4;
const maxRequestsOfAList = 5_000;

/** The current pages of a Confluence Cloud site, by its REST API v2. Always looked through as a whole. */
export function openConfluence(settings: ConfluenceSourceSettings, deps: SourceDeps): Source {
  const { url, email, token, timeoutMs } = settings.confluence;
  return {
    kind: 'confluence',
    async *scan(options) {
      const root = url.replace(/\/+$/, '').replace(/\/wiki$/, '');
      const site = createSite({ url: `${root}/wiki`, email, token, timeoutMs, deps });
      return yield* walk({ settings, site, options });
    },
  };
}

interface Walk {
  settings: ConfluenceSourceSettings;
  site: Site;
  options: ScanOptions;
}

interface Space {
  id: string;
  key: string;
}

async function* walk({ settings, site, options }: Walk): AsyncGenerator<SourceItem, ScanEnd> {
  const { signal, problem } = options;
  const source = new URL(site.url).host;
  const { restrictions: follow, people } = settings.confluence;
  const restrictions = follow === 'follow' ? createRestrictions({ site, people }) : undefined;
  const { spaces, missing } = await spacesOf(site, settings, signal).catch((error) => {
    throw asSourceFault(error, source);
  });
  let whole = missing.length === 0;
  for (const key of missing) problem(key, 'there is no such space that the token may see');
  let count = 0;
  for (const space of spaces) {
    try {
      for await (const pages of pagesOf(site, `/api/v2/spaces/${space.id}/pages`, signal)) {
        for (let at = 0; at < pages.length; at += atOnce) {
          signal.throwIfAborted();
          const some = pages.slice(at, at + atOnce).map((page) => itemOf({ page, space, site, restrictions, options }));
          for (const item of await Promise.all(some)) {
            if (!item) continue;
            if (++count > settings.maxItems) {
              problem(item.uri, `there are more than ${settings.maxItems} pages; the rest is left out`);
              return { whole: false };
            }
            yield item;
          }
        }
      }
    } catch (error) {
      if (!(error instanceof SiteFault)) throw error;
      if (error.status === 401 || spaces.length === 1) throw asSourceFault(error, source);
      problem(space.key, error.message);
      whole = false;
    }
  }
  return { whole };
}

async function spacesOf(site: Site, { confluence }: ConfluenceSourceSettings, signal: AbortSignal) {
  const spaces: Space[] = [];
  const list = async (query: Record<string, string>) => {
    for await (const found of pagesOf(site, '/api/v2/spaces', signal, query)) {
      for (const { id, key } of found) {
        const number = idIn(id);
        if (number !== undefined && typeof key === 'string') spaces.push({ id: number, key });
      }
    }
  };
  if (confluence.spaces) for (const key of new Set(confluence.spaces)) await list({ keys: key });
  else await list({ status: 'current' });
  const wanted = confluence.spaces ?? spaces.map(({ key }) => key);
  const found = spaces.filter(({ key }) => wanted.includes(key));
  return { spaces: found, missing: wanted.filter((key) => !found.some((space) => space.key === key)) };
}

/** One answer after the other. Of the link to the next one only its cursor is used: where it leads is ours to say. */
async function* pagesOf(
  site: Site,
  path: string,
  signal: AbortSignal,
  query: Record<string, string> = {},
): AsyncGenerator<Record<string, unknown>[]> {
  let cursor: string | undefined;
  const seen = new Set<string>();
  for (let requests = 0; requests < maxRequestsOfAList; requests++) {
    const limit = { limit: String(pageSize), ...(cursor === undefined ? {} : { cursor }) };
    const answer = await site.get(path, { ...query, ...limit }, signal);
    yield listIn(answer.results);
    const next = isObject(answer._links) ? textIn(answer._links.next) : undefined;
    cursor =
      next === undefined ? undefined : (new URL(next, 'https://x.invalid').searchParams.get('cursor') ?? undefined);
    if (cursor === undefined) return;
    if (seen.has(cursor)) throw new SiteFault('its pages go in a circle');
    seen.add(cursor);
  }
  throw new SiteFault('its list has no end');
}

interface PageOptions {
  page: Record<string, unknown>;
  space: Space;
  site: Site;
  restrictions: Restrictions | undefined;
  options: ScanOptions;
}

async function itemOf({ page, space, site, restrictions, options }: PageOptions): Promise<SourceItem | undefined> {
  const { signal, problem } = options;
  const id = idIn(page.id);
  if (id === undefined || (page.status !== undefined && page.status !== 'current')) return undefined;
  const uri = `confluence:${id}`;
  const title = textIn(page.title) ?? id;
  const version = isObject(page.version) ? page.version : {};
  const changedAt = Date.parse(String(version.createdAt));
  const webui = isObject(page._links) ? textIn(page._links.webui) : undefined;
  try {
    const [labels, readers] = await Promise.all([
      labelsOf(site, id, signal),
      restrictions?.readersOf(id, signal, (reason) => problem(uri, reason)),
    ]);
    return {
      uri,
      name: `${id}.html`,
      title,
      mediaType: 'text/html',
      ...(typeof version.number === 'number' ? { revision: String(version.number) } : {}),
      ...(Number.isNaN(changedAt) ? {} : { changedAt }),
      ...(webui?.startsWith('/') ? { url: `${site.url}${webui}` } : {}),
      ...(readers === undefined ? {} : { readers }),
      metadata: { space: space.key, ...(labels.length > 0 ? { labels: labels.join(', ') } : {}) },
      read: (readSignal) => readPage(site, { id, uri, title }, readSignal),
    };
  } catch (error) {
    if (!(error instanceof SiteFault) || error.status === 401) throw error;
    if (error.status !== 404) problem(uri, error.message); // else it went since it was listed
    return undefined;
  }
}

async function labelsOf(site: Site, id: string, signal: AbortSignal): Promise<string[]> {
  const labels: string[] = [];
  for await (const found of pagesOf(site, `/api/v2/pages/${id}/labels`, signal))
    labels.push(...found.flatMap(({ name }) => textIn(name) ?? []));
  return labels.sort();
}

async function readPage(
  site: Site,
  { id, uri, title }: { id: string; uri: string; title: string },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const page = await site.get(`/api/v2/pages/${id}`, { 'body-format': 'storage' }, signal).catch((error) => {
    throw asItemFault(error, uri);
  });
  const storage = isObject(page.body) && isObject(page.body.storage) ? page.body.storage.value : undefined;
  if (typeof storage !== 'string') throw SourceItemUnavailable({ uri, reason: 'the answer has no body' });
  return Buffer.from(htmlOfStorage(storage, title));
}

/** Ids become parts of paths. */
function idIn(value: unknown): string | undefined {
  const text = String(value);
  return /^\d{1,20}$/.test(text) ? text : undefined;
}
