import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createWorld, scan, type World } from '../../../../test/sources.ts';
import { SourceItemUnfit, SourceMisconfigured, SourceUnavailable } from './index.ts';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url));
let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.end());

function install(path: string, manifest: object, files: Record<string, string> = {}): void {
  world.write(`${path}/package.json`, JSON.stringify(manifest));
  for (const [file, content] of Object.entries(files)) world.write(`${path}/${file}`, content);
}

function link(target: string, path: string): void {
  mkdirSync(dirname(join(world.folder, path)), { recursive: true });
  symlinkSync(target, join(world.folder, path));
}

it('gives the README and the declarations of the direct dependencies, by name and version', async () => {
  world.write(
    'app/package.json',
    JSON.stringify({ dependencies: { a: '1' }, devDependencies: { '@s/b': '2', none: '1' } }),
  );
  install(
    'app/node_modules/a',
    { name: 'a', version: '1.2.3', description: 'The A' },
    {
      'README.md': '# A',
      'readme.txt': 'also',
      'docs/README.md': 'not at the top',
      'index.js': 'code',
      'index.d.ts': 'declare',
      'index.d.cts': 'the same',
      'esm/only.d.mts': 'declare',
      'node_modules/inner/index.d.ts': 'of another',
      '.hidden.d.ts': 'x',
    },
  );
  install('app/node_modules/@s/b', { name: '@s/b', version: '2.0.0-rc.1+x' }, { README: 'B' });
  install('app/node_modules/indirect', { name: 'indirect', version: '1.0.0' }, { 'README.md': 'x' });
  const found = await scan(world.open({ packages: 'app' }));
  expect(found.uris).toEqual([
    'npm:@s/b@2.0.0-rc.1+x/README',
    'npm:a@1.2.3/README.md',
    'npm:a@1.2.3/esm/only.d.mts',
    'npm:a@1.2.3/index.d.ts',
    'npm:a@1.2.3/readme.txt',
  ]);
  expect(found.problems).toEqual({ 'npm:none': 'it is not installed' });
  expect(found.whole).toBe(true);
  expect(found.items.find(({ uri }) => uri.endsWith('index.d.ts'))).toMatchObject({
    name: 'index.d.ts',
    metadata: { package: 'a', version: '1.2.3', description: 'The A' },
  });
  expect(await found.text('npm:a@1.2.3/README.md')).toBe('# A');
});

it('follows the links of pnpm to a package, but none that leave it', async () => {
  world.write('app/package.json', JSON.stringify({ dependencies: { c: '1' } }));
  install('app/node_modules/.pnpm/c@1.0.0/node_modules/c', { name: 'c', version: '1.0.0' }, { 'README.md': 'C' });
  link('.pnpm/c@1.0.0/node_modules/c', 'app/node_modules/c');
  world.write('secret.md', 'secret');
  link(join(world.folder, 'secret.md'), 'app/node_modules/.pnpm/c@1.0.0/node_modules/c/leak.d.ts');
  link(world.folder, 'app/node_modules/.pnpm/c@1.0.0/node_modules/c/lib');
  const found = await scan(world.open({ packages: 'app' }));
  expect(found.uris).toEqual(['npm:c@1.0.0/README.md']);
  expect(await found.text('npm:c@1.0.0/README.md')).toBe('C');
});

it('takes the packages that are named, with stars, and tells one under two names once', async () => {
  for (const [path, name] of [
    ['x', 'x'],
    ['@s/a', '@s/a'],
    ['@s/b', '@s/b'],
    ['@t/a', '@t/a'],
    ['alias', 'x'],
  ] as const)
    install(`app/node_modules/${path}`, { name, version: '1.0.0' }, { 'README.md': path });
  const uris = async (names: string[]) => (await scan(world.open({ packages: 'app', names }))).uris;
  expect(await uris(['@s/*'])).toEqual(['npm:@s/a@1.0.0/README.md', 'npm:@s/b@1.0.0/README.md']);
  expect(await uris(['x', '@t/a', 'alias'])).toEqual(['npm:@t/a@1.0.0/README.md', 'npm:x@1.0.0/README.md']);
});

it('is led nowhere by names and versions that are made for that', async () => {
  world.write('outside/package.json', JSON.stringify({ name: 'outside', version: '1.0.0' }));
  world.write('outside/README.md', 'secret');
  install('app/node_modules/bad', { name: '../../etc', version: '1.0.0' }, { 'README.md': 'x' });
  install('app/node_modules/worse', { name: 'worse', version: '1/../../x' }, { 'README.md': 'x' });
  world.write('app/node_modules/broken/package.json', '{"name": ');
  const names = ['../../outside', '@s/../../outside', '..', '/etc', 'bad', 'worse', 'broken', 'a\nb'];
  const found = await scan(world.open({ packages: 'app', names }));
  expect(found.uris).toEqual([]);
  expect(Object.keys(found.problems).sort()).toEqual(names.map((name) => `npm:${name}`).sort());
  expect(found.whole).toBe(false); // what "broken" has may be there still
});

it('says that there is no package.json or no node_modules', async () => {
  world.write('app/x');
  await expect(scan(world.open({ packages: 'app' }))).rejects.toSatisfy(SourceUnavailable.is);
  await expect(scan(world.open({ packages: 'app', names: ['*'] }))).rejects.toThrow('node_modules');
  expect(() => world.open({ packages: 'app' }, { trusted: false })).toThrow(
    expect.objectContaining({ code: SourceMisconfigured.code }),
  );
});

it('reads nothing that became a link since it was listed', async () => {
  install('app/node_modules/a', { name: 'a', version: '1.0.0' }, { 'README.md': 'x' });
  const found = await scan(world.open({ packages: 'app', names: ['a'] }));
  const folder = join(world.folder, 'app/node_modules/a');
  renameSync(join(folder, 'README.md'), join(world.folder, 'moved'));
  symlinkSync(join(world.folder, 'moved'), join(folder, 'README.md'));
  await expect(found.text('npm:a@1.0.0/README.md')).rejects.toSatisfy(SourceItemUnfit.is);
});

it('reads the packages of this very checkout', async () => {
  const found = await scan(world.open({ packages: checkout, names: ['zod', '@hono/*'] }));
  const zod = found.items.filter(({ metadata }) => metadata.package === 'zod');
  expect(zod.length).toBeGreaterThan(20);
  expect(zod.map(({ name }) => name)).toContain('README.md');
  expect(new Set(found.items.map(({ metadata }) => metadata.package))).toContain('@hono/node-server');
  expect(found.problems).toEqual({});
});
