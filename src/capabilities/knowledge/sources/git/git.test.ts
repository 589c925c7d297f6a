import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, scan, type World } from '../../../../../test/sources.ts';
import { GitMissing, SourceItemUnfit, SourceMisconfigured, SourceUnavailable } from '../index.ts';

let world: World;
let repo: string;
beforeEach(() => {
  world = createWorld();
  repo = join(world.folder, 'repo');
  git('init', '-q', '-b', 'main', repo);
});
afterEach(() => world.end());

let clock = 1_700_000_000;
function git(...args: string[]): string {
  const at = `${clock++} +0000`;
  const env = {
    PATH: process.env.PATH,
    HOME: world.folder,
    GIT_AUTHOR_DATE: at,
    GIT_COMMITTER_DATE: at,
    GIT_AUTHOR_NAME: 'n',
    GIT_AUTHOR_EMAIL: 'n@example.com',
    GIT_COMMITTER_NAME: 'n',
    GIT_COMMITTER_EMAIL: 'n@example.com',
  };
  const cwd = existsSync(repo) ? repo : world.folder;
  return execFileSync('git', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    .toString()
    .trim();
}

/** Returns when it was committed, in ms. */
function commit(files: Record<string, string | Uint8Array | null>): number {
  for (const [path, content] of Object.entries(files)) {
    if (content === null) rmSync(join(repo, path));
    else world.write(join('repo', path), content);
  }
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', 'change');
  return Number(git('log', '-1', '--format=%ct')) * 1000;
}

describe('a repository on this machine', () => {
  it('is read as a whole the first time, with blob ids as revisions and times of commits', async () => {
    const first = commit({ 'docs/a.md': '# A', 'b.md': 'B' });
    const second = commit({ 'b.md': 'B again' });
    const found = await scan(world.open({ git: 'repo' }));
    expect(found.uris).toEqual(['b.md', 'docs/a.md']);
    expect(found.whole).toBe(true);
    expect(await found.text('docs/a.md')).toBe('# A');
    const [b, a] = found.items;
    expect([a?.changedAt, b?.changedAt]).toEqual([first, second]);
    expect(b?.revision).toBe(git('rev-parse', 'HEAD:b.md'));
    expect(b?.metadata.commit).toBe(git('rev-parse', 'HEAD'));
    expect(b?.name).toBe('b.md');
  });

  it('tells only what changed since the cursor, renames and deletions included', async () => {
    commit({ 'a.md': 'a', 'b.md': 'b', 'c.md': 'c', 'd.md': 'd' });
    const source = world.open({ git: 'repo' });
    const { cursor } = await scan(source);
    expect(await scan(source, { cursor })).toMatchObject({ uris: [], gone: [], whole: false, cursor });

    const edited = commit({ 'a.md': 'a2', 'new.md': 'n' });
    git('mv', 'c.md', 'moved.md');
    commit({ 'd.md': null });
    const found = await scan(source, { cursor });
    expect(found.uris).toEqual(['a.md', 'moved.md', 'new.md']);
    expect(found.gone.sort()).toEqual(['c.md', 'd.md']);
    expect(found.whole).toBe(false);
    expect(found.items.find(({ uri }) => uri === 'a.md')?.changedAt).toBe(edited);
    expect(await found.text('a.md')).toBe('a2');
    expect((await scan(source, { cursor: found.cursor })).uris).toEqual([]);
  });

  it('is read as a whole again when history was rewritten, patterns changed, or the cursor makes no sense', async () => {
    commit({ 'a.md': 'a', 'b.txt': 'b' });
    commit({ 'a.md': 'a2' });
    const source = world.open({ git: 'repo' });
    const { cursor } = await scan(source);
    for (const wrong of [
      '',
      'nonsense',
      `${'0'.repeat(40)} x`,
      `--output=/tmp/x ${cursor}`,
      cursor?.replace(/^./, 'f'),
    ])
      expect(await scan(source, { cursor: wrong })).toMatchObject({ uris: ['a.md', 'b.txt'], whole: true });
    expect(await scan(world.open({ git: 'repo', include: ['*.md'] }), { cursor })).toMatchObject({
      uris: ['a.md'],
      whole: true,
    });
    git('reset', '-q', '--hard', 'HEAD~1');
    commit({ 'b.txt': 'other' });
    const found = await scan(source, { cursor });
    expect(found).toMatchObject({ uris: ['a.md', 'b.txt'], whole: true });
    expect(await found.text('a.md')).toBe('a');
  });

  it('is read at the ref that is asked for', async () => {
    commit({ 'a.md': 'first' });
    git('tag', '-a', 'v1', '-m', 'v1');
    git('checkout', '-q', '-b', 'feature/ü');
    commit({ 'a.md': 'feature' });
    git('checkout', '-q', 'main');
    commit({ 'a.md': 'main' });
    const text = async (ref?: string) => (await scan(world.open({ git: 'repo', ref }))).text('a.md');
    expect(await text()).toBe('main');
    expect(await text('v1')).toBe('first');
    expect(await text('feature/ü')).toBe('feature');
    expect(await text('refs/heads/main')).toBe('main');
    await expect(text('none')).rejects.toSatisfy(SourceUnavailable.is);
  });

  it('tells the change of a merge by the time it was merged', async () => {
    commit({ 'a.md': 'a' });
    git('checkout', '-q', '-b', 'side');
    commit({ 's.md': 's' });
    git('checkout', '-q', 'main');
    commit({ 'a.md': 'a2' });
    git('merge', '-q', '--no-edit', 'side');
    const found = await scan(world.open({ git: 'repo' }));
    expect(found.items.find(({ uri }) => uri === 's.md')?.changedAt).toBe(
      Number(git('log', '-1', '--format=%ct')) * 1000,
    );
  });

  it('has files of any name', async () => {
    const names = [
      'new\nline.md',
      'ü😀.md',
      '--upload-pack=x.md',
      ':a.md',
      'tab\t.md',
      '"quoted".md',
      '$(id).md',
      "it's.md",
    ];
    commit(Object.fromEntries(names.map((name) => [name, name])));
    const found = await scan(world.open({ git: 'repo' }));
    expect(found.uris).toEqual([...names].sort());
    for (const name of names) expect(await found.text(name)).toBe(name);
    expect(new Set(found.items.map(({ changedAt }) => changedAt)).size).toBe(1);
  });

  it('leaves out links, submodules, hidden, binary, huge files and LFS pointers', async () => {
    const inner = join(world.folder, 'inner');
    git('init', '-q', '-b', 'main', inner);
    git('-C', inner, 'commit', '-q', '--allow-empty', '-m', 'x');
    symlinkSync('/etc/passwd', join(repo, 'link.md'));
    commit({ 'a.md': 'a' });
    git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'sub');
    truncateSync(world.write('repo/huge.txt'), 51 * 1024 * 1024);
    commit({
      '.github/x.md': 'x',
      'p.png': 'x',
      program: Buffer.from([1, 0, 2]),
      plain: 'text',
      'big.csv': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
    });
    const found = await scan(world.open({ git: 'repo' }));
    expect(found.uris).toEqual(['a.md', 'big.csv', 'plain']);
    expect(found.skipped).toEqual({
      'link.md': 'it is a link',
      sub: 'it is a submodule',
      'huge.txt': 'it has more than 50 MB',
      'p.png': 'it is binary',
      program: 'it is binary',
    });
    await expect(found.text('big.csv')).rejects.toSatisfy(SourceItemUnfit.is);
  });

  it('tells that a file is gone when it turns into what is left out', async () => {
    commit({ 'a.md': 'a', b: 'text' });
    const source = world.open({ git: 'repo' });
    const { cursor } = await scan(source);
    rmSync(join(repo, 'a.md'));
    symlinkSync('b', join(repo, 'a.md'));
    commit({ b: Buffer.from([0]) });
    expect((await scan(source, { cursor })).gone.sort()).toEqual(['a.md', 'b']);
  });

  it('begins anew where more was there than its bound', async () => {
    commit({ 'a.md': 'a', 'b.md': 'b', 'c.md': 'c' });
    const found = await scan(world.open({ git: 'repo', maxItems: 2 }));
    expect(found).toMatchObject({ uris: ['a.md', 'b.md'], whole: false, cursor: undefined });
  });

  it('gives contents one after another or all at once, within a scan and after it', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.md`, `${i}`.repeat(i * 1_000)]));
    commit(files);
    const during: Promise<Uint8Array>[] = [];
    const found = await scan(world.open({ git: 'repo' }), {
      each: (item) => void during.push(item.read(new AbortController().signal)),
    });
    const read = await Promise.all(during);
    for (const [i, item] of found.items.entries()) expect(Buffer.from(read[i] ?? '').toString()).toBe(files[item.uri]);
    expect(await Promise.all(found.items.slice(0, 4).map(({ uri }) => found.text(uri)))).toEqual(
      found.items.slice(0, 4).map(({ uri }) => files[uri]),
    );
  });

  it('runs no hook and heeds no setting of the repository', async () => {
    commit({ 'a.md': 'a' });
    const mark = join(world.folder, 'mark');
    const script = `#!/bin/sh\ntouch ${mark}\n`;
    for (const hook of ['post-checkout', 'reference-transaction', 'pre-auto-gc', 'post-update'])
      writeFileSync(join(repo, '.git/hooks', hook), script, { mode: 0o755 });
    writeFileSync(join(world.folder, 'evil.sh'), script, { mode: 0o755 });
    const evil = join(world.folder, 'evil.sh');
    for (const key of [
      'core.fsmonitor',
      'uploadpack.packObjectsHook',
      'core.sshCommand',
      'diff.external',
      'core.pager',
    ])
      git('config', key, evil);
    // The user's own settings have no say either.
    writeFileSync(
      join(world.folder, '.gitconfig'),
      `[core]\n\tfsmonitor = ${evil}\n[url "ext::${evil}"]\n\tinsteadOf = /\n`,
    );
    const found = await scan(world.open({ git: 'repo' }));
    expect(found.uris).toEqual(['a.md']);
    await found.text('a.md');
    expect(existsSync(mark)).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)('may belong to another user', async () => {
    commit({ 'a.md': 'a' });
    execFileSync('chown', ['-R', '65534', repo]);
    expect((await scan(world.open({ git: 'repo' }))).uris).toEqual(['a.md']);
  });

  it.each([
    ['objects', 0],
    ['config', 0],
    ['HEAD', 0],
    ['objects of the last commit', 1],
  ])('is had again when the mirror has lost its %s, after %i failing scans', async (what, failing) => {
    commit({ 'a.md': 'a' });
    const source = world.open({ git: 'repo' });
    await scan(source);
    const mirrors = join(world.folder, '.data/git');
    const mirror = join(mirrors, readdirSync(mirrors)[0] ?? '');
    if (what === 'objects') {
      rmSync(join(mirror, 'objects'), { recursive: true });
      mkdirSync(join(mirror, 'objects'));
      commit({ 'b.md': 'b' });
    } else if (failing === 0) writeFileSync(join(mirror, what), '\0\0[nonsense');
    else {
      const tree = git('rev-parse', 'HEAD^{tree}');
      const file = join(mirror, 'objects', tree.slice(0, 2), tree.slice(2));
      expect(existsSync(file)).toBe(true);
      rmSync(file);
      writeFileSync(file, '');
    }
    for (let i = 0; i < failing; i++) await expect(scan(source)).rejects.toSatisfy(SourceUnavailable.is);
    const found = await scan(source);
    expect(found.uris).toContain('a.md');
    expect(await found.text('a.md')).toBe('a');
  });

  it('says that it is missing or empty without a path of the machine', async () => {
    for (const where of ['none', 'repo']) {
      const scanning = scan(world.open({ git: where }));
      await expect(scanning).rejects.toSatisfy(SourceUnavailable.is);
      await expect(scanning).rejects.not.toThrow(world.folder);
    }
  });

  it('ends with its signal', async () => {
    commit({ 'a.md': 'a', 'b.md': 'b' });
    const stop = new AbortController();
    const scanning = scan(world.open({ git: 'repo' }), {
      signal: stop.signal,
      each: () => stop.abort(new Error('enough')),
    });
    await expect(scanning).rejects.toThrow('enough');
    await expect(scan(world.open({ git: 'repo' }), { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('says when git is not installed', async () => {
    const bare = createWorld({ env: { PATH: '/nonexistent' } });
    await expect(scan(bare.open({ git: repo }))).rejects.toSatisfy(GitMissing.is);
    await bare.end();
  });
});

describe('an address', () => {
  const trap = () => join(world.folder, 'trapped');
  it.each([
    ['--upload-pack=touch TRAP', 'dash'],
    ['-u./x', 'dash'],
    ['ext::sh -c touch% TRAP', 'helper'],
    ['fd::17', 'helper'],
    ['https://x.example/a\n--upload-pack=x', 'control characters'],
    ['https://user:secret@x.example/a.git', 'credentials'],
    ['ssh://-oProxyCommand=touchTRAP/x', 'host and user'],
    ['ssh://u@-oProxyCommand=x/x', 'host and user'],
    ['ssh://-oX@host.example/x', 'host and user'],
    ['ssh://host.example/-x', 'dash'],
    ['ssh://user:secret@host.example/x', 'password'],
    ['file://host.example/share', 'name a host'],
    ['git://host.example/x', 'cannot be fetched by git'],
    ['ftp://host.example/x', 'cannot be fetched by ftp'],
    ['http://host.example/x', 'not among its protocols'],
  ])('such as %s is refused before git is asked', (address, why) => {
    const open = () => world.open({ git: address.replace('TRAP', trap()) });
    expect(open).toThrow(why);
    expect(open).toThrow(expect.objectContaining({ code: SourceMisconfigured.code }));
    expect(open).not.toThrow('secret');
  });

  it.each([
    '-x',
    '--upload-pack=x',
    'a..b',
    'a b',
    'main:refs/heads/x',
    '+main',
    'main~1',
    'main^',
    ':/x',
    '@{1}',
    'a\nb',
    'x.lock',
    '*',
  ])('with the ref %j is refused', (ref) => {
    expect(() => world.open({ git: 'https://x.example/a.git', ref })).toThrow('ref');
  });

  it('of this machine or over its keys is for the settings file alone', () => {
    for (const address of ['repo', 'file:///etc', 'ssh://git@host.example/x', 'git@host.example:x'])
      expect(() => world.open({ git: address }, { trusted: false })).toThrow('settings file');
    expect(() => world.open({ git: 'repo', protocols: ['https'] })).toThrow('file is not among');
  });
});

describe('a repository far away', () => {
  it('is fetched over smart HTTP with a token that nobody sees', async () => {
    commit({ 'a.md': 'a' });
    const { url, requests } = await world.serve(gitOverHttp(world.folder, 'git:very-secret'));
    const address = `${url.replace('docs.example', '127.0.0.1')}/repo/.git`;
    const settings = { git: address, protocols: ['http'] };
    await expect(scan(world.open(settings))).rejects.toThrow(/could not read Username|Authentication failed/);
    const source = world.open({ ...settings, token: 'very-secret' });
    const { cursor, uris } = await scan(source);
    expect(uris).toEqual(['a.md']);
    commit({ 'b.md': 'b' });
    expect((await scan(source, { cursor })).uris).toEqual(['b.md']);
    expect(requests.length).toBeGreaterThan(3);
    const mirrors = join(world.folder, '.data/git');
    for (const mirror of readdirSync(mirrors))
      expect(readFileSync(join(mirrors, mirror, 'config'), 'utf8')).not.toContain('secret');
  });

  it('is reached for others only at the very address that the guard allowed', async () => {
    commit({ 'a.md': 'a' });
    const guarded = createWorld({ allow: ['docs.example'] });
    const { url, port } = await world.serve(gitOverHttp(world.folder));
    const open = (address: string) => guarded.open({ git: address, protocols: ['http'] }, { trusted: false });
    // The name has an address only for the guard: git could not find it out by itself.
    expect((await scan(open(`${url}/repo/.git`))).uris).toEqual(['a.md']);
    await expect(scan(open(`http://other.test:${port}/repo/.git`))).rejects.toThrow('not public');
    await expect(scan(open(`http://127.0.0.1:${port}/repo/.git`))).rejects.toThrow('not public');
    await guarded.end();
  });

  it('is not followed to where it redirects', async () => {
    commit({ 'a.md': 'a' });
    const inner = await world.serve(gitOverHttp(world.folder));
    const outer = await world.serve((request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inner.port}${request.url}` }).end();
    });
    const source = world.open({ git: `http://127.0.0.1:${outer.port}/repo/.git`, protocols: ['http'] });
    await expect(scan(source)).rejects.toSatisfy(SourceUnavailable.is);
    expect(inner.requests).toHaveLength(0);
  });

  it('that never answers ends with the signal', async () => {
    const silent = await world.serve(() => {});
    const source = world.open({ git: `http://127.0.0.1:${silent.port}/x`, protocols: ['http'] });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 500);
    await expect(scan(source, { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('that is down is a fault and not an empty one', async () => {
    const source = world.open({ git: 'http://127.0.0.1:1/x', protocols: ['http'] });
    await expect(scan(source)).rejects.toSatisfy(SourceUnavailable.is);
  });
});

/** A real git behind a real server, through git's own CGI program. */
function gitOverHttp(root: string, login?: string): RequestListener {
  const backend = join(execFileSync('git', ['--exec-path']).toString().trim(), 'git-http-backend');
  const expected = login && `Basic ${Buffer.from(login).toString('base64')}`;
  return (request, response) => {
    if (expected !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const url = new URL(request.url ?? '', 'http://x');
    const child = spawn(backend, {
      env: {
        PATH: process.env.PATH,
        HOME: root,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
        REMOTE_ADDR: '127.0.0.1',
      },
    });
    request.pipe(child.stdin);
    const parts: Buffer[] = [];
    child.stdout.on('data', (part) => parts.push(part));
    child.on('close', () => {
      const all = Buffer.concat(parts);
      const end = all.indexOf('\r\n\r\n');
      const headers = all.subarray(0, end).toString().split('\r\n');
      const status = Number(/^Status: (\d+)/m.exec(headers.join('\n'))?.[1] ?? 200);
      for (const header of headers) {
        const [name = '', value = ''] = header.split(': ');
        if (name !== '' && name !== 'Status') response.setHeader(name, value);
      }
      response.writeHead(status).end(all.subarray(end + 4));
    });
  };
}
