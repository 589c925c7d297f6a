import type { RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, scan, type World } from '../../../../../test/sources.ts';
import { EgressBlocked } from '../../../../platform/http/index.ts';
import {
  SourceItemGone,
  SourceItemUnavailable,
  SourceItemUnfit,
  SourceMisconfigured,
  SourceUnavailable,
} from '../index.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.end());

type Answer = string | Buffer | ((response: ServerResponse) => void);

/** A site of pages by their path; the rest is not there. */
function site(pages: Record<string, Answer>): RequestListener {
  return (request, response) => {
    const answer = pages[request.url ?? ''];
    if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'function') answer(response);
    else {
      const type = typeof answer === 'string' && answer.startsWith('<') ? 'text/html; charset=utf-8' : 'text/plain';
      response.writeHead(200, { 'content-type': type }).end(answer);
    }
  };
}

const linkTo = (...hrefs: string[]) => `<p>${hrefs.map((href) => `<a href="${href}">x</a>`).join('')}`;
const redirectTo =
  (location: string, status = 302) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { location }).end();
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end();

async function openSite(pages: Record<string, Answer>, settings: Record<string, unknown> = {}) {
  const served = await world.serve(site(pages));
  const { from = '/', ...more } = settings;
  const source = world.open({ web: `${served.url}${from}`, delayMs: 0, ...more });
  const local = (uris: readonly string[]) => uris.map((uri) => uri.replace(served.url, ''));
  const localKeys = (record: Record<string, string>) =>
    Object.fromEntries(Object.entries(record).map(([uri, reason]) => [uri.replace(served.url, ''), reason]));
  return {
    ...served,
    source,
    paths: () => served.requests.map((request) => request.url),
    scan: async () => {
      const found = await scan(source);
      return {
        ...found,
        uris: local(found.uris),
        gone: local(found.gone),
        problems: localKeys(found.problems),
        skipped: localKeys(found.skipped),
        text: (path: string) => found.text(`${served.url}${path}`),
      };
    },
  };
}

describe('a page', () => {
  it('is read alone by default, with its etag, media type and time', async () => {
    const { scan, url, requests } = await openSite(
      {
        '/docs/a': (response) => {
          const headers = {
            'content-type': 'Text/HTML',
            etag: '"v1"',
            'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT',
          };
          response.writeHead(200, headers).end(linkTo('/b'));
        },
        '/b': 'b',
      },
      { from: '/docs/a#part' },
    );
    const found = await scan();
    expect(found.items).toMatchObject([
      {
        uri: `${url}/docs/a`,
        url: `${url}/docs/a`,
        name: 'a',
        revision: '"v1"',
        mediaType: 'text/html',
        changedAt: 1445412480000,
      },
    ]);
    expect(found.whole).toBe(true);
    expect(await found.text('/docs/a')).toContain('<a href');
    expect(requests.map((request) => request.headers['user-agent'])).toEqual(['fairlead/0.0.0', 'fairlead/0.0.0']);
  });

  it.each([404, 410])('that answers %i is gone', async (code) => {
    const { scan, url } = await openSite({ '/': status(code) });
    expect(await scan()).toMatchObject({ uris: [], gone: ['/'], whole: true });
    expect(url).toBeDefined();
  });

  it.each([500, 503, 403, 429])('that answers %i is a fault of the source and not gone', async (code) => {
    const { source } = await openSite({ '/': status(code) });
    await expect(scan(source)).rejects.toSatisfy(SourceUnavailable.is);
    await expect(scan(source)).rejects.toThrow(`status ${code}`);
  });

  it('is asked for again when the server says when', async () => {
    let asked = 0;
    const { scan } = await openSite({
      '/': (response) => (asked++ === 0 ? status(429, { 'retry-after': '1' })(response) : void response.end('there')),
    });
    expect((await scan()).uris).toEqual(['/']);
  });

  it('on this machine or in its network is refused unless it is allowed', async () => {
    const { port } = await world.serve(site({ '/': 'secret' }));
    for (const address of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, 'http://169.254.169.254/latest/'])
      await expect(scan(world.open({ web: address }))).rejects.toSatisfy(EgressBlocked.is);
  });

  it('that cannot be reached at all is a fault', async () => {
    await expect(scan(world.open({ web: 'http://docs.example:1/' }))).rejects.toSatisfy(SourceUnavailable.is);
  });

  it('that never ends or never answers ends with the signal', async () => {
    const { url } = await world.serve((request, response) => {
      if (request.url === '/robots.txt') response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': 'text/html' }).write('<p>');
    });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 300);
    await expect(scan(world.open({ web: url }), { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('that is too large is left out and not held', async () => {
    const { scan } = await openSite(
      {
        '/': linkTo('/big', '/flood'),
        '/big': status(200, { 'content-length': String(60 * 1024 * 1024), 'content-type': 'text/plain' }),
        '/flood': (response) => {
          response.writeHead(200, { 'content-type': 'text/plain' });
          const piece = Buffer.alloc(1024 * 1024, 'x');
          const more = () => {
            while (!response.destroyed) if (!response.write(piece)) return void response.once('drain', more);
          };
          more();
        },
      },
      { depth: 1 },
    );
    const found = await scan();
    expect(found.uris).toEqual(['/']);
    expect(found.skipped).toEqual({ '/big': 'it has more than 50 MB', '/flood': 'it has more than 50 MB' });
  });
});

describe('links', () => {
  it('are followed to the depth, on the same site, and each page once', async () => {
    const { scan, paths } = await openSite(
      {
        '/': `<base href="/docs/">${linkTo('a', 'a#x', 'a?utm=1', '../', '/docs/./b', 'https://elsewhere.example/', 'mailto:x@y.example', 'javascript:x', '//other.example/z', 'ftp://x/', 'http://[', 'http://u:p@docs.example/')}`,
        '/docs/a': linkTo('/deep', '/', '/docs/a'),
        '/docs/b': linkTo('/deep'),
        '/deep': linkTo('/deeper'),
        '/deeper': 'too deep',
      },
      { depth: 2 },
    );
    const found = await scan();
    expect(found.uris).toEqual(['/', '/deep', '/docs/a', '/docs/b']);
    expect(found.whole).toBe(true);
    expect(paths().sort()).toEqual(['/', '/deep', '/docs/a', '/docs/b', '/robots.txt']);
  });

  it('in circles, in endless spaces and to one page by many names end', async () => {
    const served = await world.serve((request, response) => {
      const path = request.url ?? '';
      const canonical = path.startsWith('/same') ? '<link rel="canonical" href="/same">' : '';
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(`${canonical}${linkTo(`${path}/x`, '/same-1', '/same-2', '/%73ame-3', '/SAME', path, '.', '..')}`);
    });
    const found = await scan(world.open({ web: served.url, depth: 20, maxPages: 30, delayMs: 0 }));
    expect(found.uris.filter((uri) => uri.includes('/same'))).toEqual([`${served.url}/same`]);
    expect(served.requests.length).toBeLessThanOrEqual(31);
    expect(found.whole).toBe(false);
    expect(Object.values(found.problems)[0]).toContain('more than 30 pages');
  });

  it('to true addresses are believed, but not that all pages are the first', async () => {
    const { scan } = await openSite(
      {
        '/': linkTo('/print/a', '/b', '/c'),
        '/print/a': '<link href="/a" rel="alternate canonical">',
        '/b': '<link rel=canonical href="/">',
        '/c': '<link rel=canonical href="https://elsewhere.example/c">',
      },
      { depth: 1 },
    );
    expect((await scan()).uris).toEqual(['/', '/a', '/b', '/c']);
  });

  it('in scripts, comments, styles and text are none', async () => {
    const { scan } = await openSite(
      {
        '/': `<script>var x = '<a href="/no">'</script><!-- <a href="/no"> --><style><a href="/no"></style>
        <textarea><a href="/no"></textarea><title><a href="/no"></title><A HREF='/yes'>x</A><a href=/also>`,
        '/yes': 'yes',
        '/also': 'also',
        '/no': 'no',
      },
      { depth: 1 },
    );
    expect((await scan()).uris).toEqual(['/', '/also', '/yes']);
  });

  it('are taken by include and exclude, and not to pictures', async () => {
    const { scan, paths } = await openSite(
      {
        '/': linkTo('/docs/a', '/docs/old/b', '/blog/c', '/docs/p.png', '/docs/hidden'),
        '/docs/a': 'a',
        '/docs/old/b': 'b',
        '/blog/c': 'c',
        '/docs/hidden': (response) => void response.writeHead(200, { 'content-type': 'image/png' }).end('x'),
      },
      { depth: 1, include: ['docs/'], exclude: ['old'] },
    );
    const found = await scan();
    expect(found.uris).toEqual(['/', '/docs/a']);
    expect(found.skipped).toEqual({ '/docs/hidden': 'it is image/png' });
    expect(paths()).not.toContain('/docs/p.png');
  });

  it('of a very large and odd page are followed as far as it is looked at, while others are answered', async () => {
    const odd = `<a ${Array.from({ length: 100_000 }, (_, i) => `x${i}`).join(' ')} href="/a">x</a>`;
    const page = `${odd}${' '.repeat(10 * 1024 * 1024)}<a href="/b">x</a>`;
    const { scan } = await openSite({ '/': page, '/a': 'a', '/b': 'b' }, { depth: 1 });
    let longestMs = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 10);
    const found = await scan();
    clearInterval(beat);
    expect(found).toMatchObject({ uris: ['/', '/a'], whole: false });
    expect(found.problems['/']).toContain('too odd');
    expect(longestMs).toBeLessThan(3_000);
  });

  it('to what fails make it no whole scan, and to what is not there tell that', async () => {
    const { scan } = await openSite(
      { '/': linkTo('/bad', '/none', '/fine'), '/bad': status(500), '/fine': 'fine' },
      { depth: 2 },
    );
    const found = await scan();
    expect(found).toMatchObject({ uris: ['/', '/fine'], gone: ['/none'], whole: false });
    expect(found.problems).toEqual({ '/bad': 'the server answers with status 500' });
  });

  it('count as pages of their own by query only where that is asked for', async () => {
    const pages = { '/': linkTo('/a?page=1', '/a?page=2'), '/a': 'a', '/a?page=1': '1', '/a?page=2': '2' };
    expect((await (await openSite(pages, { depth: 1 })).scan()).uris).toEqual(['/', '/a']);
    expect((await (await openSite(pages, { depth: 1, query: true })).scan()).uris).toEqual([
      '/',
      '/a?page=1',
      '/a?page=2',
    ]);
  });
});

describe('a redirect', () => {
  it('within the site is followed, and the page known by where it ends', async () => {
    const { scan } = await openSite(
      { '/': linkTo('/old', '/new'), '/old': redirectTo('/new', 301), '/new': 'new' },
      { depth: 1 },
    );
    expect((await scan()).uris).toEqual(['/', '/new']);
  });

  it('into a private address, to another site or to what robots.txt forbids is not', async () => {
    const inner = await world.serve(site({ '/': 'secret', '/latest/meta-data/': 'secret' }));
    const { scan, paths } = await openSite(
      {
        '/robots.txt': 'User-agent: *\nDisallow: /private',
        '/': linkTo('/1', '/2', '/3', '/4', '/5'),
        '/1': redirectTo(`http://127.0.0.1:${inner.port}/`),
        '/2': redirectTo('http://169.254.169.254/latest/meta-data/'),
        '/3': redirectTo('/private/x'),
        '/4': redirectTo('/4'),
        '/5': redirectTo('file:///etc/passwd'),
      },
      { depth: 1 },
    );
    const found = await scan();
    expect(found.uris).toEqual(['/']);
    expect(found.skipped['/1']).toContain('another site');
    expect(found.skipped['/2']).toContain('another site');
    expect(found.skipped['/3']).toContain('robots.txt forbids it');
    expect(found.problems['/4']).toContain('more than 5 times');
    expect(inner.requests).toHaveLength(0);
    expect(paths()).not.toContain('/private/x');
  });

  it('of a name that leads inside is refused by the guard, on the very hop', async () => {
    const answers: Record<string, string> = { 'docs.example': '127.0.0.1', 'turncoat.test': '127.0.0.1' };
    const guarded = createWorld({
      allow: ['docs.example'],
      resolve: async (name) => [{ address: answers[name] ?? '', family: 4 }],
    });
    const inner = await world.serve(site({ '/sitemap.xml': '<urlset><url><loc>x</loc></url></urlset>' }));
    const outer = await world.serve(
      site({
        '/': 'x',
        '/robots.txt': `Sitemap: http://turncoat.test:${inner.port}/sitemap.xml`,
        '/r': redirectTo('x'),
      }),
    );
    const found = await scan(guarded.open({ web: outer.url, sitemap: true, delayMs: 0 }));
    expect(Object.values(found.problems)[0]).toContain('not public');
    const robots = await world.serve(site({ '/robots.txt': redirectTo(`http://127.0.0.1:${inner.port}/sitemap.xml`) }));
    await expect(scan(guarded.open({ web: robots.url }))).rejects.toSatisfy(EgressBlocked.is);
    expect(inner.requests).toHaveLength(0);
    await guarded.end();
  });
});

describe('robots.txt', () => {
  it('is kept, by the longest rule of the group that names us', async () => {
    const { scan, paths } = await openSite(
      {
        '/robots.txt': `# all\nUser-agent: *\nDisallow: /\n\nUser-Agent: other\nUser-agent: FairLead/2.0\nDisallow: /a\nAllow: /a/b # but\nDisallow: /*.json$\nDisallow: /caf%C3%A9\nCrawl-delay: 0.001\n`,
        '/': linkTo('/a/x', '/a/b/y', '/c.json', '/c.json5', '/café', '/d'),
        '/a/x': 'no',
        '/a/b/y': 'yes',
        '/c.json': 'no',
        '/c.json5': 'yes',
        '/caf%C3%A9': 'no',
        '/d': 'yes',
      },
      { depth: 1 },
    );
    const found = await scan();
    expect(found.uris).toEqual(['/', '/a/b/y', '/c.json5', '/d']);
    expect(found.skipped).toEqual({
      '/a/x': 'robots.txt forbids it',
      '/c.json': 'robots.txt forbids it',
      '/caf%C3%A9': 'robots.txt forbids it',
    });
    expect(paths()).not.toContain('/a/x');
  });

  it('that forbids the first page, or cannot be had, leaves the site alone', async () => {
    const forbidden = await openSite({ '/robots.txt': 'User-agent: *\nDisallow: /', '/': 'x' });
    await expect(forbidden.scan()).rejects.toSatisfy(SourceMisconfigured.is);
    const down = await openSite({ '/robots.txt': status(503), '/': 'x' });
    await expect(down.scan()).rejects.toSatisfy(SourceUnavailable.is);
    for (const { paths } of [forbidden, down]) expect(paths()).toEqual(['/robots.txt']);
    for (const code of [404, 403]) {
      const open = await openSite({ '/robots.txt': status(code), '/': 'x' });
      expect((await open.scan()).uris).toEqual(['/']);
    }
  });

  it('may ask for more time between requests, as the settings do', async () => {
    const times: number[] = [];
    const note = (response: ServerResponse) => {
      times.push(performance.now());
      response.writeHead(200, { 'content-type': 'text/html' }).end(linkTo('/1', '/2', '/3'));
    };
    const { scan } = await openSite(
      {
        '/robots.txt': 'User-agent: *\nCrawl-delay: 0.2',
        '/': note,
        '/1': note,
        '/2': note,
        '/3': note,
      },
      { depth: 1, concurrency: 8 },
    );
    await scan();
    expect(times).toHaveLength(4);
    // The whole, not each pause: one that comes late makes the next look short.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(450);
  });

  it('that is made to be slow is not', async () => {
    const { scan } = await openSite(
      {
        '/robots.txt': `User-agent: *\nx: y${' '.repeat(300_000)}z\nDisallow: ${'/*a'.repeat(2_000)}b`,
        '/': linkTo(`/${'a/'.repeat(900)}`),
        [`/${'a/'.repeat(900)}`]: 'x',
      },
      { depth: 1 },
    );
    expect((await scan()).uris).toHaveLength(2);
  });
});

describe('a sitemap', () => {
  const urlset = (...entries: [loc: string, lastmod?: string][]) =>
    `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "boom">]><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${entries
      .map(([loc, lastmod]) => `<url><loc>\n${loc} </loc>${lastmod ? `<lastmod>${lastmod}</lastmod>` : ''}</url>`)
      .join('')}</urlset>`;

  it('is found by robots.txt, through indexes and gzip, and gives its dates as revisions', async () => {
    const pages: Record<string, Answer> = {
      '/': 'root',
      '/a': 'a',
      '/b&c': 'b',
      '/d': 'd',
      '/e': 'e',
      '/f': '<p>f',
    };
    const { scan, url, paths } = await openSite(pages, { sitemap: true });
    pages['/robots.txt'] = `Sitemap: ${url}/index.xml`;
    pages['/index.xml'] =
      `<sm:sitemapindex xmlns:sm="x"><sm:sitemap><sm:loc>${url}/1.xml.gz</sm:loc></sm:sitemap><!-- <sm:sitemap> -->
      <sm:sitemap><sm:loc><![CDATA[${url}/2.xml]]></sm:loc></sm:sitemap><sm:sitemap><sm:loc>${url}/index.xml</sm:loc></sm:sitemap>
      <sm:sitemap><sm:loc>${url}/3.txt</sm:loc></sm:sitemap></sm:sitemapindex>`;
    pages['/1.xml.gz'] = gzipSync(
      urlset([`${url}/a`, '2026-01-02'], [`${url}/b&amp;c`, '2026-01-03T04:05:06Z'], ['https://elsewhere.example/x']),
    );
    pages['/2.xml'] =
      `<urlset><url><loc>${url}/d</loc><image:image><image:loc>${url}/picture</image:loc></image:image></url></urlset>`;
    pages['/3.txt'] = `${url}/e\r\n${url}/f\n`;
    const found = await scan();
    expect(found.problems).toEqual({});
    expect(found.uris).toEqual(['/', '/a', '/b&c', '/d', '/e', '/f']);
    expect(found.whole).toBe(true);
    const a = found.items.find(({ uri }) => uri.endsWith('/a'));
    expect(a).toMatchObject({ revision: 'lastmod 2026-01-02', changedAt: Date.parse('2026-01-02') });
    // What the sitemap dates is asked for when it is read, and not before.
    expect(paths()).not.toContain('/a');
    await expect(found.text('/a')).rejects.toSatisfy(SourceItemUnfit.is); // it is text/plain under the name of a page
    pages['/a'] = '<p>a';
    expect(await found.text('/a')).toBe('<p>a');
    delete pages['/a'];
    await expect(found.text('/a')).rejects.toSatisfy(SourceItemGone.is);
    pages['/a'] = status(500);
    await expect(found.text('/a')).rejects.toSatisfy(SourceItemUnavailable.is);
  });

  it('may lie anywhere that the settings name, and stands in for the first page', async () => {
    const pages: Record<string, Answer> = { '/a': 'a' };
    const { url } = await world.serve(site(pages));
    pages['/maps/own.xml'] = urlset([`${url}/a`]);
    const found = await scan(world.open({ web: url, sitemap: `${url}/maps/own.xml`, delayMs: 0 }));
    expect(found.uris).toEqual([`${url}/a`]);
    expect(Object.values(found.problems)).toEqual(['it is not there']);
  });

  it.each([
    ['missing', status(404)],
    ['broken', status(500)],
    ['a page', '<html><p>hello</html>'],
    ['a bomb', gzipSync(Buffer.alloc(60 * 1024 * 1024))],
    ['cut off', gzipSync('<urlset><url><loc>http://x/').subarray(0, 20)],
  ] as [string, Answer][])('that is %s is a problem after which nothing counts as gone', async (_, answer) => {
    const { scan } = await openSite({ '/': 'root', '/sitemap.xml': answer }, { sitemap: true });
    const found = await scan();
    expect(found.uris).toEqual(['/']);
    expect(Object.keys(found.problems)).toEqual(['/sitemap.xml']);
    expect(found.whole).toBe(false);
  });
});
