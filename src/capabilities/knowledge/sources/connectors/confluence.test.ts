import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, scan, type World } from '../../../../../test/sources.ts';
import { EgressBlocked } from '../../../../platform/http/index.ts';
import { SourceItemGone, SourceRefused, SourceUnavailable } from '../index.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.end());

interface Page {
  id: string;
  title: string;
  body: string;
  version?: number;
  labels?: string[];
  ancestors?: string[];
  users?: string[];
  groups?: string[];
}

interface Wiki {
  spaces: Record<string, Page[]>;
  /** Answers that come before all others, by path. */
  instead: Record<string, (request: IncomingMessage, response: ServerResponse) => void>;
  pageSize: number;
}

/** After the vendor's description of REST v2 and, for restrictions, v1: what is not in it is refused. */
async function serveWiki(wiki: Partial<Wiki> = {}) {
  const { spaces = {}, instead = {}, pageSize = 2 } = wiki;
  const all = () => Object.values(spaces).flat();
  const ids = Object.keys(spaces);
  const served = await world.serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    const override = instead[url.pathname];
    if (override) return override(request, response);
    const send = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.headers.authorization !== `Basic ${Buffer.from('me@example.com:secret-token').toString('base64')}`)
      return send(401, { message: 'Unauthorized' });
    const only = (...names: string[]) => [...url.searchParams.keys()].every((name) => names.includes(name));
    const list = (items: unknown[]) => {
      const start = Number(url.searchParams.get('cursor')?.replace('after-', '') ?? 0);
      const next = new URL(url);
      next.searchParams.set('cursor', `after-${start + pageSize}`);
      const more = start + pageSize < items.length;
      return {
        results: items.slice(start, start + pageSize),
        _links: more ? { next: `${next.pathname}${next.search}`, base: 'http://elsewhere.example/wiki' } : {},
      };
    };
    const path = url.pathname.replace(/^\/wiki/, '');
    const [, kind, id, rest] = /^\/api\/v2\/(spaces|pages)(?:\/(\d+))?(?:\/(\w+))?$/.exec(path) ?? [];
    const page = all().find((each) => each.id === id);
    if (kind === 'spaces' && id === undefined && only('keys', 'status', 'limit', 'cursor')) {
      const key = url.searchParams.get('keys');
      return send(
        200,
        list(
          ids
            .filter((each) => key === null || each === key)
            .map((each) => ({ id: String(ids.indexOf(each) + 1), key: each, status: 'current' })),
        ),
      );
    }
    if (kind === 'spaces' && rest === 'pages' && only('limit', 'cursor', 'status', 'depth')) {
      const pages = spaces[ids[Number(id) - 1] ?? ''] ?? [];
      return send(
        200,
        list(
          pages.map(({ id, title, version = 1 }) => ({
            id,
            title,
            status: 'current',
            version: { number: version, createdAt: '2026-01-02T03:04:05.678Z' },
            _links: { webui: `/spaces/X/pages/${id}` },
          })),
        ),
      );
    }
    if (!page && kind === 'pages') return send(404, { message: 'none' });
    if (page && rest === 'labels' && only('limit', 'cursor'))
      return send(200, list((page.labels ?? []).map((name) => ({ id: '1', name, prefix: 'global' }))));
    if (page && rest === 'ancestors' && only('limit'))
      return send(200, { results: (page.ancestors ?? []).map((each) => ({ id: each, type: 'page' })), _links: {} });
    if (page && kind === 'pages' && rest === undefined && only('body-format'))
      return send(200, { id, title: page.title, body: { storage: { representation: 'storage', value: page.body } } });
    const restricted = /^\/rest\/api\/content\/(\d+)\/restriction\/byOperation\/read$/.exec(path)?.[1];
    const content = all().find((each) => each.id === restricted);
    if (content && only('expand', 'start', 'limit')) {
      const start = Number(url.searchParams.get('start'));
      const part = (items: unknown[] = []) => ({
        results: items.slice(start, start + pageSize),
        start,
        limit: pageSize,
        size: pageSize,
      });
      return send(200, {
        operation: 'read',
        restrictions: {
          user: part(content.users?.map((accountId) => ({ type: 'known', accountId }))),
          group: part(content.groups?.map((name) => ({ type: 'group', name, id: `id-${name}` }))),
        },
      });
    }
    return send(path.startsWith('/rest/api/content') ? 404 : 400, {
      message: `not in the description: ${url.pathname}${url.search}`,
    });
  });
  const local = `http://127.0.0.1:${served.port}`;
  const open = (more: object = {}, deps = {}) =>
    world.open({ confluence: { url: local, email: 'me@example.com', token: 'secret-token', ...more } }, deps);
  return { ...served, url: local, open };
}

const page = (id: string, more: Partial<Page> = {}): Page => ({
  id,
  title: `Page ${id}`,
  body: `<p>${id}</p>`,
  ...more,
});

describe('a Confluence site', () => {
  it('gives the pages of its spaces, over all pages of the lists, with labels, version and address', async () => {
    const { open, url } = await serveWiki({
      spaces: {
        DOC: ['11', '12', '13', '14', '15'].map((id) => page(id, { version: 7, labels: ['c', 'a', 'b'] })),
        '~me': [page('21')],
        OPS: [page('31')],
      },
    });
    const found = await scan(open());
    expect(found.uris).toEqual(['11', '12', '13', '14', '15', '21', '31'].map((id) => `confluence:${id}`));
    expect(found).toMatchObject({ whole: true, problems: {} });
    expect(found.items[0]).toMatchObject({
      name: '11.html',
      title: 'Page 11',
      mediaType: 'text/html',
      revision: '7',
      changedAt: Date.parse('2026-01-02T03:04:05.678Z'),
      url: `${url}/wiki/spaces/X/pages/11`,
      metadata: { space: 'DOC', labels: 'a, b, c' },
    });
    expect(found.items[0]?.readers).toBeUndefined();
    expect(await found.text('confluence:11')).toContain('<p>11</p>');
    const some = await scan(open({ spaces: ['OPS', 'NONE'] }));
    expect(some).toMatchObject({ uris: ['confluence:31'], whole: false });
    expect(Object.keys(some.problems)).toEqual(['NONE']);
  });

  it('tells who may read a page: those whom it and all pages above it let in, and never more', async () => {
    const pages = [
      page('1', { groups: ['staff', 'board', 'a', 'b', 'c'], users: ['u1'] }),
      page('2', { ancestors: ['1'] }),
      page('3', { ancestors: ['1', '2'], groups: ['board'], users: ['u1', 'u2'] }),
      page('4', { ancestors: ['1'], groups: ['others'] }),
      page('5'),
    ];
    const { open } = await serveWiki({ spaces: { X: pages } });
    const found = await scan(open({ people: { u1: 'alice' } }));
    const readers = Object.fromEntries(found.items.map((item) => [item.uri.slice(11), item.readers]));
    const all = ['a', 'b', 'board', 'c', 'staff'].map((name) => `group:confluence/${name}`);
    expect(readers).toEqual({
      1: [...all, 'principal:alice'],
      2: [...all, 'principal:alice'],
      3: ['group:confluence/board', 'principal:alice'],
      4: [],
      5: undefined,
    });
    expect(found.problems['confluence:4']).toContain('nobody may read it');
    const unmapped = await scan(open());
    expect(unmapped.items[0]?.readers).toContain('principal:confluence/u1');
    expect((await scan(open({ restrictions: 'ignore' }))).items.some((item) => item.readers)).toBe(false);
  });

  it('lets nobody read a page whose restrictions cannot be had, and leaves it as it was where they may be had later', async () => {
    const path = (id: string) => `/wiki/rest/api/content/${id}/restriction/byOperation/read`;
    const send = (status: number, body: unknown) => (_: IncomingMessage, response: ServerResponse) =>
      void response.writeHead(status).end(JSON.stringify(body));
    const { open } = await serveWiki({
      spaces: { X: [page('1'), page('2'), page('3'), page('4'), page('5', { ancestors: ['99'] })] },
      instead: {
        [path('1')]: send(403, {}),
        [path('2')]: send(500, {}),
        [path('3')]: send(200, { operation: 'read' }),
      },
    });
    const found = await scan(open());
    expect(Object.fromEntries(found.items.map((item) => [item.uri, item.readers]))).toEqual({
      'confluence:1': [],
      'confluence:4': undefined,
      'confluence:5': [],
    });
    expect(Object.keys(found.problems).sort()).toEqual(['1', '2', '3', '5'].map((id) => `confluence:${id}`));
  });

  it('that refuses, is down or sends the token elsewhere is a fault, which does not tell the token', async () => {
    const { open, url } = await serveWiki({ spaces: { X: [page('1')] } });
    const refused = scan(open({ token: 'wrong-token' }));
    await expect(refused).rejects.toSatisfy(SourceRefused.is);
    await expect(refused).rejects.not.toThrow('wrong-token');
    const other = await serveWiki();
    const moved = await serveWiki({
      instead: {
        '/wiki/api/v2/spaces': (_, response) =>
          void response.writeHead(302, { location: `${other.url}/wiki/api/v2/spaces` }).end(),
      },
    });
    await expect(scan(moved.open())).rejects.toThrow('redirects');
    expect(other.requests).toHaveLength(0);
    const down = await serveWiki({ instead: { '/wiki/api/v2/spaces': (_, response) => void response.destroy() } });
    await expect(scan(down.open())).rejects.toSatisfy(SourceUnavailable.is);
    const odd = await serveWiki({ instead: { '/wiki/api/v2/spaces': (_, response) => void response.end('<html>') } });
    await expect(scan(odd.open())).rejects.toThrow('cannot be read');
    await expect(scan(open({}, { trusted: false }))).rejects.toSatisfy(EgressBlocked.is);
    const named = { url: url.replace('127.0.0.1', 'docs.example') }; // which the guard allows
    expect((await scan(open(named, { trusted: false }))).uris).toEqual(['confluence:1']);
  });

  it('is asked again after the time that it names', async () => {
    let asked = 0;
    const { open } = await serveWiki({
      spaces: { X: [page('1')] },
      instead: {
        '/wiki/api/v2/pages/1/labels': (_, response) =>
          asked++ < 2
            ? void response.writeHead(429, { 'retry-after': '0' }).end('{}')
            : void response.end('{"results":[{"name":"late"}]}'),
      },
    });
    expect((await scan(open())).items[0]?.metadata.labels).toBe('late');
  });

  it('whose list goes in a circle or whose pages vanish ends all the same', async () => {
    const { open } = await serveWiki({
      spaces: { X: [page('1')], Y: [page('2')] },
      instead: {
        '/wiki/api/v2/spaces/1/pages': (_, response) =>
          void response.end(
            JSON.stringify({
              results: [
                { id: '9', title: 'Gone' },
                { id: '../../x', title: 'Odd' },
              ],
              _links: { next: 'http://evil.example/?cursor=same' },
            }),
          ),
      },
    });
    const found = await scan(open());
    expect(found.uris).toEqual(['confluence:2']);
    expect(found).toMatchObject({ whole: false, problems: { X: 'its pages go in a circle' } });
  });

  it('tells of a page that went since it was listed', async () => {
    const spaces = { X: [page('1')] };
    const { open } = await serveWiki({ spaces });
    const found = await scan(open());
    spaces.X.length = 0;
    await expect(found.text('confluence:1')).rejects.toSatisfy(SourceItemGone.is);
  });

  it('stops at its bound', async () => {
    const { url } = await serveWiki({ spaces: { X: [page('1'), page('2'), page('3')] } });
    const source = world.open({ confluence: { url, email: 'me@example.com', token: 'secret-token' }, maxItems: 2 });
    expect(await scan(source)).toMatchObject({ uris: ['confluence:1', 'confluence:2'], whole: false });
  });
});

describe('the storage format', () => {
  it('becomes HTML: code, panels, links, tasks and tables stay, what drives them goes', async () => {
    const body = `<h2>Set&nbsp;up &amp; run</h2><p onclick="x()" style="y">See <ac:link><ri:page ri:content-title="Other &lt;page&gt;" /></ac:link>,
<ac:link><ri:page ri:content-title="No" /><ac:link-body>named <em>so</em></ac:link-body></ac:link> and <a href="https://x.example/?a=1&amp;b=2">this</a>.</p>
<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter><ac:parameter ac:name="title">Try</ac:parameter>
<ac:plain-text-body><![CDATA[if [ a > b ]; then echo "<x> & y"; fi]]></ac:plain-text-body></ac:structured-macro>
<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">Mind</ac:parameter><ac:rich-text-body><p>the gap</p></ac:rich-text-body></ac:structured-macro>
<ac:structured-macro ac:name="toc"><ac:parameter ac:name="maxLevel">3</ac:parameter></ac:structured-macro>
<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">DONE</ac:parameter><ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro>
<ac:task-list><ac:task><ac:task-id>17</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>first</ac:task-body></ac:task></ac:task-list>
<table><tbody><tr><th colspan="2">H</th></tr></tbody></table><ac:image ac:alt="a diagram"><ri:attachment ri:filename="d.png" /></ac:image>
<time datetime="2026-01-02" /><script>alert(1)</script><!-- secret --><p>unclosed <b>bold`;
    const { open } = await serveWiki({ spaces: { X: [page('1', { title: 'A < B', body })] } });
    const html = await (await scan(open())).text('confluence:1');
    for (const part of [
      '<title>A &lt; B</title>',
      '<h2>Set&nbsp;up &amp; run</h2>',
      '<p>See Other &lt;page&gt;,',
      'named <em>so</em> and <a href="https://x.example/?a=1&amp;b=2">this</a>',
      '<strong>Try</strong>',
      '<pre><code class="language-bash">if [ a &gt; b ]; then echo &quot;&lt;x&gt; &amp; y&quot;; fi</code></pre>',
      '<p><strong>Mind</strong></p><div><p>the gap</p></div>',
      'DONE',
      '<ul><li>[x] first</li></ul>',
      '<th colspan="2">H</th>',
      'a diagram',
      '2026-01-02',
      '<p>unclosed <b>bold</b></p></body></html>',
    ])
      expect(html).toContain(part);
    for (const part of ['onclick', 'style', 'maxLevel', 'Green', '17', 'alert', 'secret', 'ac:', 'ri:'])
      expect(html).not.toContain(part);
  });

  it('takes no longer for tags within tags without end', async () => {
    const body = `${'<b>'.repeat(300_000)}deep`;
    const { open } = await serveWiki({ spaces: { X: [page('1', { body })] } });
    const html = await (await scan(open())).text('confluence:1');
    expect(html).toContain('deep');
    expect(html.length).toBeLessThan(10_000);
  });
});
