import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createWorld, scan, type World } from '../../../../test/sources.ts';
import { SourceItemGone, SourceItemUnfit, SourceMisconfigured, SourceUnavailable } from './index.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.end());

it('yields the files of a folder with revision and time, and reads them', async () => {
  world.write('docs/a.md', '# A');
  world.write('docs/deep/er/ünïcode 😀.md', 'ü');
  const found = await scan(world.open({ folder: 'docs' }));
  expect(found.uris).toEqual(['a.md', 'deep/er/ünïcode 😀.md']);
  expect(found.whole).toBe(true);
  expect(found.problems).toEqual({});
  expect(await found.text('a.md')).toBe('# A');
  expect(await found.text('deep/er/ünïcode 😀.md')).toBe('ü');
  expect(found.items[0]?.changedAt).toBeGreaterThan(Date.now() - 60_000);
});

it('changes the revision with size or time, and only then', async () => {
  const file = world.write('docs/a.md', 'one');
  const source = world.open({ folder: 'docs' });
  const revision = async () => (await scan(source)).items[0]?.revision;
  const first = await revision();
  expect(await revision()).toBe(first);
  appendFileSync(file, 'x');
  const second = await revision();
  expect(second).not.toBe(first);
  utimesSync(file, 1_000, 1_000);
  expect(await revision()).not.toBe(second);
});

it('takes what include names and exclude does not', async () => {
  for (const path of ['a.md', 'b.txt', 'api/c.md', 'api/v1/d.md', 'old/e.md', 'api/f.html'])
    world.write(`docs/${path}`);
  const uris = async (more: object) => (await scan(world.open({ folder: 'docs', ...more }))).uris;
  expect(await uris({ include: ['*.md'] })).toEqual(['a.md', 'api/c.md', 'api/v1/d.md', 'old/e.md']);
  expect(await uris({ include: ['*.{md,html}'], exclude: ['old/', '/a.md'] })).toEqual([
    'api/c.md',
    'api/f.html',
    'api/v1/d.md',
  ]);
  expect(await uris({ include: ['/api'] })).toEqual(['api/c.md', 'api/f.html', 'api/v1/d.md']);
  expect(await uris({ include: ['api/*.md'] })).toEqual(['api/c.md']);
  expect(await uris({ exclude: ['**/*.md'] })).toEqual(['api/f.html', 'b.txt']);
});

it('leaves out what .gitignore files name, also those above it in the work tree', async () => {
  world.write('repo/.git/HEAD', 'ref: refs/heads/main');
  world.write('repo/.gitignore', 'drafts/\n*.log\n/docs/secret.md\n');
  world.write('repo/docs/.gitignore', '!keep.log\n/build\n');
  const paths = [
    'a.md',
    'x.log',
    'keep.log',
    'secret.md',
    'sub/secret.md',
    'drafts/b.md',
    'build/c.md',
    'sub/build/d.md',
  ];
  for (const path of paths) world.write(`repo/docs/${path}`);
  expect((await scan(world.open({ folder: 'repo/docs' }))).uris).toEqual([
    'a.md',
    'keep.log',
    'sub/build/d.md',
    'sub/secret.md',
  ]);
  const all = await scan(world.open({ folder: 'repo/docs', gitignore: false }));
  expect(all.uris).toEqual([...paths].sort());
});

it('leaves out hidden, binary and huge files, and says why', async () => {
  world.write('docs/.env', 'SECRET=1');
  world.write('docs/.cache/x.md');
  world.write('docs/node_modules/x/readme.md');
  world.write('docs/picture.png', 'not even one');
  world.write('docs/program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]));
  world.write('docs/plain', 'text without an extension');
  world.write('docs/wide', Buffer.from('\uFEFFwide', 'utf16le'));
  world.write('docs/paper.pdf', Buffer.from('%PDF-1.7\0'));
  truncateSync(world.write('docs/huge.txt'), 51 * 1024 * 1024);
  const found = await scan(world.open({ folder: 'docs' }));
  expect(found.uris).toEqual(['paper.pdf', 'plain', 'wide']);
  expect(found.skipped).toEqual({
    '.env': 'it is hidden',
    '.cache': 'it is hidden',
    'picture.png': 'it is binary',
    program: 'it is binary',
    'huge.txt': 'it has more than 50 MB',
  });
  expect(found.whole).toBe(true);
});

it('follows no link, neither out of the folder nor in circles nor to what is hidden', async () => {
  world.write('outside/secret.md', 'secret');
  world.write('docs/a.md');
  world.write('docs/.env', 'secret');
  symlinkSync(join(world.folder, 'outside/secret.md'), join(world.folder, 'docs/leak.md'));
  symlinkSync('../outside', join(world.folder, 'docs/way-out'));
  symlinkSync('.', join(world.folder, 'docs/circle'));
  symlinkSync('.env', join(world.folder, 'docs/env.md'));
  symlinkSync('nowhere', join(world.folder, 'docs/broken.md'));
  const found = await scan(world.open({ folder: 'docs' }));
  expect(found.uris).toEqual(['a.md']);
  expect(found.skipped).toMatchObject({
    'leak.md': 'it is a link that leads out of the folder',
    'way-out': 'it is a link that leads out of the folder',
    circle: 'it is a link to the folder itself',
    'env.md': 'it is a link to .env',
    'broken.md': 'it is a link that leads nowhere',
  });
});

it('reads nothing outside of the folder when a link is put in the way after listing', async () => {
  world.write('outside/a.md', 'secret');
  world.write('docs/sub/a.md', 'fine');
  world.write('docs/b.md', 'fine');
  const found = await scan(world.open({ folder: 'docs' }));
  renameSync(join(world.folder, 'docs/sub'), join(world.folder, 'docs/was'));
  symlinkSync('../outside', join(world.folder, 'docs/sub'));
  rmSync(join(world.folder, 'docs/b.md'));
  symlinkSync('../outside/a.md', join(world.folder, 'docs/b.md'));
  await expect(found.text('sub/a.md')).rejects.toSatisfy(SourceItemUnfit.is);
  await expect(found.text('b.md')).rejects.toSatisfy(SourceItemUnfit.is);
});

it('survives files that vanish or change while it looks', async () => {
  for (let i = 0; i < 20; i++) world.write(`docs/${String(i).padStart(2, '0')}/a.md`);
  const found = await scan(world.open({ folder: 'docs' }), {
    each: ({ uri }) => {
      if (uri === '00/a.md')
        for (const gone of ['05', '06']) rmSync(join(world.folder, 'docs', gone), { recursive: true });
      if (uri === '01/a.md') {
        rmSync(join(world.folder, 'docs/07'), { recursive: true });
        writeFileSync(join(world.folder, 'docs/07'), 'a file now');
      }
    },
  });
  expect(found.uris).toHaveLength(17);
  expect(found.whole).toBe(true);
  rmSync(join(world.folder, 'docs/10/a.md'));
  await expect(found.text('10/a.md')).rejects.toSatisfy(SourceItemGone.is);
  writeFileSync(join(world.folder, 'docs/11/a.md'), 'another content by now');
  expect(await found.text('11/a.md')).toBe('another content by now');
});

it.runIf(process.platform === 'linux')('waits for no pipe and takes no name that is not UTF-8', async () => {
  world.write('docs/a.md');
  execFileSync('mkfifo', [join(world.folder, 'docs/pipe.md')]);
  writeFileSync(Buffer.concat([Buffer.from(join(world.folder, 'docs/')), Buffer.from([0xff, 0x2e, 0x6d, 0x64])]), 'x');
  world.write('docs/line\nbreak.md', 'fine');
  const found = await scan(world.open({ folder: 'docs' }));
  expect(found.uris).toEqual(['a.md', 'line\nbreak.md']);
  expect(found.skipped['pipe.md']).toBe('it is neither a file nor a folder');
  expect(Object.values(found.problems)).toEqual(['its name is not valid UTF-8']);
  rmSync(join(world.folder, 'docs/a.md'));
  execFileSync('mkfifo', [join(world.folder, 'docs/a.md')]);
  await expect(found.text('a.md')).rejects.toSatisfy(SourceItemUnfit.is);
});

it('stops at its bound without calling the rest gone', async () => {
  for (let i = 0; i < 5; i++) world.write(`docs/${i}.md`);
  const found = await scan(world.open({ folder: 'docs', maxItems: 3 }));
  expect(found.uris).toHaveLength(3);
  expect(found.whole).toBe(false);
  expect(Object.values(found.problems)[0]).toContain('more than 3 files');
});

it('says that a folder is missing, and never that it is empty', async () => {
  await expect(scan(world.open({ folder: 'none' }))).rejects.toSatisfy(SourceUnavailable.is);
  world.write('file');
  await expect(scan(world.open({ folder: 'file' }))).rejects.toThrow('it is not a folder');
  mkdirSync(join(world.folder, 'empty'));
  expect((await scan(world.open({ folder: 'empty' }))).whole).toBe(true);
});

it('ends with its signal, in a scan and in a reading', async () => {
  for (let i = 0; i < 5; i++) world.write(`docs/${i}.md`);
  const stop = new AbortController();
  const scanning = scan(world.open({ folder: 'docs' }), {
    signal: stop.signal,
    each: () => stop.abort(new Error('enough')),
  });
  await expect(scanning).rejects.toThrow('enough');
  const found = await scan(world.open({ folder: 'docs' }));
  await expect(found.items[0]?.read(stop.signal)).rejects.toThrow('enough');
});

it('is closed to those who do not write the settings file', () => {
  expect(() => world.open({ folder: '/etc' }, { trusted: false })).toThrow('only the settings file');
  expect(() => world.open({ folder: '/etc' }, { trusted: false })).toThrow(
    expect.objectContaining({ code: SourceMisconfigured.code }),
  );
});
