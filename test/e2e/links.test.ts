import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { packageRoot } from '../../src/config/index.ts';
import { readPage } from './markdown.ts';

const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: packageRoot }).sort();
const scripts: Record<string, string> = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).scripts;

describe.each(pages)('%s', (file) => {
  const page = readPage(file);

  it('links to nothing that is not there [SP-21]', () => {
    const broken = page.links.filter(({ target }) => !/^[a-z]+:/.test(target) && !leads(file, target));
    expect(broken).toEqual([]);
  });

  it('names no script that package.json has not [SP-21]', () => {
    const run = [...page.text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    const bare = page.spans.filter((span) => /^(?:bench|test):[\w-]+$/.test(span));
    const missing = [...run, ...bare].filter((name) => !Object.hasOwn(scripts, name));
    expect(missing).toEqual([]);
  });

  it('names no command and no flag that fairlead has not [SP-21]', () => {
    const lines = [...page.spans, ...page.fences.flatMap(({ text }) => text.split('\n'))];
    expect(lines.flatMap(faultsOf)).toEqual([]);
  });
});

function leads(file: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const found = path === '' ? file : relative(packageRoot, join(packageRoot, dirname(file), path));
  if (!existsSync(join(packageRoot, found))) return false;
  return anchor === undefined || !found.endsWith('.md') || readPage(found).anchors.has(anchor);
}

/** What is wrong with a line that calls the command line, if it does. */
function faultsOf(line: string): string[] {
  const [, words] = /(?:^|[\s(])(?:npx )?fairlead ((?:-|[a-z]).*)$/.exec(line.replace(/ #.*$/, '')) ?? [];
  if (words === undefined || !/^(?:\$ |\w+=\S+ |npx |fairlead )/.test(line)) return [];
  const said = words.split(/\s+/);
  const spec = [2, 1]
    .map((length) => commands.find(({ path }) => path.length === length && path.every((word, at) => said[at] === word)))
    .find((found) => found !== undefined);
  if (!spec) return commands.some(({ path }) => path[0] === said[0]) ? [] : [`no command: ${line}`];
  const known = [
    ...(spec.options ?? []).map(({ flags }) => flags),
    ...(spec.remote ? ['--url', '--key'] : []),
    '--help',
  ];
  const own = words.split(/ -- /)[0] ?? '';
  return [...own.matchAll(/(?<=\s)--[a-z][a-z-]*/g)]
    .filter(([flag]) => !known.some((flags) => flags.split(/[ ,]/).includes(flag)))
    .map(([flag]) => `no flag ${flag}: ${line}`);
}
