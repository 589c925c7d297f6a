import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, scan, type World } from '../../../../../test/sources.ts';
import { SourceMisconfigured, SourceRefused, SourceUnavailable } from '../index.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.end());

const doc = (...content: unknown[]) => ({ type: 'doc', version: 1, content });
const says = (said: string, ...marks: unknown[]) => ({
  type: 'text',
  text: said,
  ...(marks.length > 0 ? { marks } : {}),
});
const paragraph = (...content: unknown[]) => ({ type: 'paragraph', content });

interface Issue {
  key: string;
  fields: Record<string, unknown>;
  /** All of them; a search brings only the first two. */
  comments?: Record<string, unknown>[];
}

const requestKeys = [
  'expand',
  'fields',
  'fieldsByKeys',
  'jql',
  'maxResults',
  'nextPageToken',
  'properties',
  'reconcileIssues',
];

/** After the vendor's description of REST v3: what is not in it is refused, and only fields that are asked for come. */
async function serveJira(issues: Issue[], instead?: (response: ServerResponse) => void) {
  const searches: Record<string, unknown>[] = [];
  const served = await world.serve(async (request, response) => {
    if (instead) return instead(response);
    const send = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.headers.authorization !== 'Bearer secret-token') return send(401, { errorMessages: ['no'] });
    const url = new URL(request.url ?? '', 'http://x');
    if (request.method === 'POST' && url.pathname === '/rest/api/3/search/jql') {
      const body = JSON.parse(await text(request)) as Record<string, unknown>;
      searches.push(body);
      if (!Object.keys(body).every((key) => requestKeys.includes(key)))
        return send(400, { errorMessages: ['unknown key'] });
      if (!String(body.jql).includes('project'))
        return send(400, { errorMessages: ['Unbounded JQL queries are not allowed here.'] });
      const start = Number(String(body.nextPageToken ?? 'at-0').slice(3));
      const fields = (body.fields as string[] | undefined) ?? [];
      const found = issues.slice(start, start + 2).map(({ key, fields: all, comments }) => ({
        id: '1',
        key,
        fields: Object.fromEntries(
          Object.entries({
            ...all,
            comment: { comments: comments?.slice(0, 2) ?? [], maxResults: 2, total: comments?.length ?? 0, startAt: 0 },
          }).filter(([name]) => fields.includes(name)),
        ),
      }));
      const isLast = start + 2 >= issues.length;
      return send(200, { issues: found, isLast, ...(isLast ? {} : { nextPageToken: `at-${start + 2}` }) });
    }
    const key = /^\/rest\/api\/3\/issue\/([A-Z]+-\d+)\/comment$/.exec(url.pathname)?.[1];
    const issue = issues.find((each) => each.key === key);
    if (request.method === 'GET' && issue) {
      const startAt = Number(url.searchParams.get('startAt'));
      const comments = issue.comments?.slice(startAt, startAt + 2) ?? [];
      return send(200, { comments, maxResults: 2, startAt, total: issue.comments?.length ?? 0 });
    }
    return send(404, { errorMessages: ['not in the description'] });
  });
  const url = `http://127.0.0.1:${served.port}`;
  const open = (more: object = {}) =>
    world.open({ jira: { url: `${url}/`, token: 'secret-token', jql: 'project = ABC', ...more } });
  return { ...served, url, open, searches };
}

const issue = (number: number, more: Partial<Issue> & { fields?: Record<string, unknown> } = {}): Issue => ({
  key: `ABC-${number}`,
  ...more,
  fields: { summary: `Number ${number}`, updated: '2026-01-02T03:04:05.000+0100', ...more.fields },
});

describe('a Jira site', () => {
  it('gives the issues that a JQL finds, over all pages, with what it says of them', async () => {
    const fields = {
      project: { key: 'ABC' },
      status: { name: 'Open' },
      issuetype: { name: 'Bug' },
      priority: { name: 'High' },
      labels: ['b', 'a'],
      resolution: null,
      security: null,
    };
    const { open, searches, url } = await serveJira([issue(1, { fields }), issue(2), issue(3), issue(4), issue(5)]);
    const found = await scan(open());
    expect(found.uris).toEqual([1, 2, 3, 4, 5].map((number) => `jira:ABC-${number}`));
    expect(found).toMatchObject({ whole: true, problems: {} });
    expect(found.items[0]).toMatchObject({
      name: 'ABC-1.md',
      title: 'ABC-1: Number 1',
      mediaType: 'text/markdown',
      revision: '2026-01-02T03:04:05.000+0100',
      changedAt: Date.parse('2026-01-02T02:04:05Z'),
      url: `${url}/browse/ABC-1`,
      metadata: { project: 'ABC', status: 'Open', type: 'Bug', priority: 'High', labels: 'b, a' },
    });
    expect(found.items[0]?.readers).toBeUndefined();
    expect(searches.map(({ jql, nextPageToken }) => [jql, nextPageToken])).toEqual([
      ['project = ABC', undefined],
      ['project = ABC', 'at-2'],
      ['project = ABC', 'at-4'],
    ]);
  });

  it('gives description and all comments that everybody may see', async () => {
    const comment = (said: string, more: object = {}) => ({
      author: { displayName: 'Ann' },
      created: '2026-02-03T04:05:06.000+0000',
      body: doc(paragraph(says(said))),
      ...more,
    });
    const { open } = await serveJira([
      issue(1, {
        fields: { description: doc(paragraph(says('It breaks.'))) },
        comments: [
          comment('first'),
          comment('hidden', { visibility: { type: 'role', value: 'Administrators' } }),
          comment('third'),
          comment('fourth'),
          comment('fifth'),
        ],
      }),
    ]);
    const content = await (await scan(open())).text('jira:ABC-1');
    expect(content).toBe(
      `${[
        '# ABC-1: Number 1',
        'It breaks.',
        '## Comments',
        ...['first', 'third', 'fourth', 'fifth'].flatMap((said) => ['### Ann, 2026-02-03', said]),
      ].join('\n\n')}\n`,
    );
    expect(await (await scan(open({ comments: false }))).text('jira:ABC-1')).not.toContain('first');
  });

  it('lets only the group of its security level read an issue that has one', async () => {
    const { open } = await serveJira([issue(1, { fields: { security: { id: '10', name: 'Board only' } } })]);
    expect((await scan(open())).items[0]?.readers).toEqual(['group:jira/Board only']);
  });

  it('that has taken the way away (410), refuses, or is down is a fault', async () => {
    const status =
      (code: number, body = '{}') =>
      (response: ServerResponse) =>
        void response.writeHead(code, { 'retry-after': '0' }).end(body);
    const gone = await serveJira([], status(410, '{"errorMessages":["The requested API has been removed."]}'));
    await expect(scan(gone.open())).rejects.toSatisfy(SourceUnavailable.is);
    await expect(scan(gone.open())).rejects.toThrow('status 410: The requested API has been removed');
    const forbidden = await serveJira([], status(403));
    await expect(scan(forbidden.open())).rejects.toSatisfy(SourceRefused.is);
    const down = await serveJira([], status(503));
    await expect(scan(down.open())).rejects.toThrow('status 503');
    expect(down.requests).toHaveLength(4);
  });

  it('says what is wrong with a JQL', async () => {
    const { open } = await serveJira([]);
    const scanning = scan(open({ jql: 'order by created' }));
    await expect(scanning).rejects.toSatisfy(SourceMisconfigured.is);
    await expect(scanning).rejects.toThrow('Unbounded JQL');
  });

  it('whose pages go in a circle ends, and not as a whole', async () => {
    const { open } = await serveJira(
      [],
      (response) => void response.end('{"issues":[{"key":"A-1","fields":{}}],"nextPageToken":"same"}'),
    );
    expect(await scan(open())).toMatchObject({ uris: ['jira:A-1', 'jira:A-1'], whole: false });
  });

  it('ends with its signal', async () => {
    const { open } = await serveJira([], () => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 200);
    await expect(scan(open(), { signal: stop.signal })).rejects.toThrow('enough');
  });
});

describe('the Atlassian Document Format', () => {
  const item = (...content: unknown[]) => ({ type: 'listItem', content });
  const cell = (said: string, type = 'tableCell') => ({ type, content: [paragraph(says(said))] });

  it('becomes Markdown', async () => {
    const description = doc(
      { type: 'heading', attrs: { level: 3 }, content: [says('Steps')] },
      paragraph(
        says('Use '),
        says('a*b_c', { type: 'strong' }),
        says(' and '),
        says('x`y', { type: 'code' }),
        { type: 'hardBreak' },
        says('# no heading'),
      ),
      paragraph(
        says('see '),
        says('here', { type: 'link', attrs: { href: 'https://x.example/a b' } }, { type: 'em' }),
        says(' not '),
        says('there', { type: 'link', attrs: { href: 'javascript:x' } }),
      ),
      {
        type: 'bulletList',
        content: [
          item(paragraph(says('one')), {
            type: 'orderedList',
            attrs: { order: 3 },
            content: [item(paragraph(says('three')))],
          }),
          item(paragraph(says('two'))),
        ],
      },
      { type: 'codeBlock', attrs: { language: 'ts' }, content: [says('const a = "```";\n\nb')] },
      { type: 'panel', attrs: { panelType: 'info' }, content: [paragraph(says('mind'))] },
      {
        type: 'taskList',
        content: [
          { type: 'taskItem', attrs: { state: 'DONE' }, content: [says('done')] },
          { type: 'taskItem', attrs: { state: 'TODO' }, content: [says('open')] },
        ],
      },
      {
        type: 'table',
        content: [
          { type: 'tableRow', content: [cell('H|1', 'tableHeader'), cell('H2', 'tableHeader')] },
          { type: 'tableRow', content: [cell('a')] },
        ],
      },
      { type: 'expand', attrs: { title: 'More' }, content: [paragraph(says('inside'))] },
      { type: 'rule' },
      paragraph(
        { type: 'mention', attrs: { id: '1', text: '@Ann' } },
        says(' '),
        { type: 'emoji', attrs: { shortName: ':x:', text: '❌' } },
        says(' '),
        { type: 'inlineCard', attrs: { url: 'https://y.example' } },
        says(' '),
        { type: 'date', attrs: { timestamp: '1767312000000' } },
        says(' '),
        { type: 'status', attrs: { text: 'NEW' } },
      ),
      { type: 'mediaSingle', content: [{ type: 'media', attrs: { alt: 'a screen' } }] },
      { type: 'somethingNew', content: [paragraph(says('still here'))] },
      null,
      'text',
    );
    const { open } = await serveJira([issue(1, { fields: { description } })]);
    const content = await (await scan(open())).text('jira:ABC-1');
    expect(content.split('\n').slice(2).join('\n')).toBe(`### Steps

Use **a\\*b\\_c** and \`\`x\`y\`\`
\\# no heading

see [*here*](<https://x.example/a%20b>) not there

- one

  3. three
- two

\`\`\`\`ts
const a = "\`\`\`";

b
\`\`\`\`

> mind

- [x] done
- [ ] open

| H\\|1 | H2 |
| --- | --- |
| a |  |

**More**

inside

---

@Ann ❌ [https://y.example](<https://y.example>) 2026-01-02 NEW

a screen

still here
`);
  });
});
