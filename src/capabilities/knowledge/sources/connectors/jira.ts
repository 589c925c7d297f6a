import type { JiraSourceSettings } from '../../../../config/knowledge-schema.ts';
import { isObject } from '../../../../kernel/json.ts';
import { SourceMisconfigured } from '../errors.ts';
import type { ScanEnd, ScanOptions, Source, SourceDeps, SourceItem } from '../types.ts';
import { markdownOfAdf } from './adf.ts';
import { asItemFault, asSourceFault, createSite, listIn, type Site, SiteFault, textIn } from './site.ts';

const pageSize = 100;
const maxRequests = 10_000;
const maxComments = 5_000;
const fieldsAlways = 'summary description status issuetype priority labels project created updated resolution security';

/** The issues of a Jira Cloud site that a JQL finds, by its REST API v3. Always looked through as a whole. */
export function openJira(settings: JiraSourceSettings, deps: SourceDeps): Source {
  const { url, email, token, timeoutMs } = settings.jira;
  return {
    kind: 'jira',
    scan: (options) => walk({ settings, site: createSite({ url, email, token, timeoutMs, deps }), options }),
  };
}

interface Walk {
  settings: JiraSourceSettings;
  site: Site;
  options: ScanOptions;
}

async function* walk({ settings, site, options }: Walk): AsyncGenerator<SourceItem, ScanEnd> {
  const { signal, problem } = options;
  const { jql, comments } = settings.jira;
  const fields = [...fieldsAlways.split(' '), ...(comments ? ['comment'] : [])];
  const source = new URL(site.url).host;
  const tokens = new Set<string>();
  let token: string | undefined;
  let count = 0;
  for (let requests = 0; requests < maxRequests; requests++) {
    signal.throwIfAborted();
    const body = { jql, fields, maxResults: pageSize, ...(token === undefined ? {} : { nextPageToken: token }) };
    const answer = await site.post('/rest/api/3/search/jql', body, signal).catch((error) => {
      throw ofSearch(error, source);
    });
    for (const issue of listIn(answer.issues)) {
      const item = itemOf(issue, { site, comments });
      if (!item) continue;
      if (++count > settings.maxItems) {
        problem(item.uri, `there are more than ${settings.maxItems} issues; the rest is left out`);
        return { whole: false };
      }
      yield item;
    }
    token = textIn(answer.nextPageToken);
    if (answer.isLast === true || token === undefined) return { whole: true };
    if (tokens.has(token)) break;
    tokens.add(token);
  }
  problem(source, 'its list of issues has no end; the rest is left out');
  return { whole: false };
}

function ofSearch(error: unknown, source: string): unknown {
  if (!(error instanceof SiteFault) || error.status !== 400) return asSourceFault(error, source);
  return SourceMisconfigured(
    { source, reason: error.message, remedy: 'Correct `jql` of this source.' },
    { cause: error },
  );
}

function itemOf(issue: Record<string, unknown>, { site, comments }: { site: Site; comments: boolean }) {
  const key = textIn(issue.key);
  const fields = isObject(issue.fields) ? issue.fields : {};
  if (key === undefined || !/^[A-Z][A-Z0-9_]*-\d+$/i.test(key)) return undefined;
  const uri = `jira:${key}`;
  const title = `${key}: ${textIn(fields.summary) ?? ''}`;
  const updated = textIn(fields.updated);
  const changedAt = Date.parse(normalTime(updated ?? ''));
  const level = nameIn(fields.security);
  const labels = Array.isArray(fields.labels) ? fields.labels.filter((label) => typeof label === 'string') : [];
  const project = isObject(fields.project) ? textIn(fields.project.key) : undefined;
  const facts = {
    project,
    type: nameIn(fields.issuetype),
    status: nameIn(fields.status),
    priority: nameIn(fields.priority),
    resolution: nameIn(fields.resolution),
    labels: labels.length > 0 ? labels.join(', ') : undefined,
  };
  const metadata = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  const item: SourceItem = {
    uri,
    name: `${key}.md`,
    title,
    mediaType: 'text/markdown',
    url: `${site.url}/browse/${key}`,
    ...(updated === undefined ? {} : { revision: updated }),
    ...(Number.isNaN(changedAt) ? {} : { changedAt }),
    // Who belongs to a security level cannot be asked for here: whoever gets this group may read what it covers.
    ...(isObject(fields.security) ? { readers: [`group:jira/${level ?? String(fields.security.id)}`] } : {}),
    metadata,
    async read(signal) {
      signal.throwIfAborted();
      const said = comments ? await commentsOf(site, key, fields.comment, signal) : [];
      return Buffer.from(textOf({ title, metadata, description: fields.description, comments: said }));
    },
  };
  return item;
}

/** All of them: the search brings only the first. */
async function commentsOf(
  site: Site,
  key: string,
  found: unknown,
  signal: AbortSignal,
): Promise<Record<string, unknown>[]> {
  const all = isObject(found) ? listIn(found.comments) : [];
  const total = isObject(found) && typeof found.total === 'number' ? Math.min(found.total, maxComments) : all.length;
  if (all.length >= total) return all;
  const comments: Record<string, unknown>[] = [];
  while (comments.length < total) {
    const query = { startAt: String(comments.length), maxResults: String(pageSize), orderBy: 'created' };
    const answer = await site.get(`/rest/api/3/issue/${key}/comment`, query, signal).catch((error) => {
      throw asItemFault(error, `jira:${key}`);
    });
    const some = listIn(answer.comments);
    if (some.length === 0) break;
    comments.push(...some);
  }
  return comments;
}

interface Issue {
  title: string;
  metadata: Record<string, string>;
  description: unknown;
  comments: readonly Record<string, unknown>[];
}

function textOf({ title, metadata, description, comments }: Issue): string {
  const parts = [`# ${title.replace(/\s+/g, ' ')}`];
  const facts = Object.entries(metadata).map(([name, value]) => `${name}: ${value}`);
  if (facts.length > 0) parts.push(facts.join('; '));
  parts.push(bodyOf(description));
  // A comment that only some may see there is read by nobody here.
  const open = comments.filter((comment) => !isObject(comment.visibility));
  if (open.length > 0) parts.push('## Comments');
  for (const { author, created, body } of open) {
    const who = (isObject(author) && textIn(author.displayName)) || 'Somebody';
    parts.push(`### ${who}, ${(textIn(created) ?? '').slice(0, 10)}`, bodyOf(body));
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function bodyOf(body: unknown): string {
  return typeof body === 'string' ? body : markdownOfAdf(body);
}

function nameIn(value: unknown): string | undefined {
  return isObject(value) ? textIn(value.name) : undefined;
}

/** `+0000` as the API writes it is not in the format that is sure to be read. */
function normalTime(text: string): string {
  return text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
}
