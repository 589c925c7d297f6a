import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ours from '../../../../package.json' with { type: 'json' };
import { serverSchema } from '../format.ts';
import { skeletonFiles } from './files.ts';
import { type NewServer, shortName } from './newserver.ts';

const sdk = '@modelcontextprotocol/server';

/** What is wrong with what a new server shall be called; nothing, hopefully. */
export function nameFaults({ name, description, title }: Pick<NewServer, 'name' | 'description' | 'title'>): string[] {
  const faults: string[] = [];
  const parsed = serverSchema.shape.name.safeParse(name);
  if (!parsed.success) faults.push('--name must be namespace/name, such as io.github.user/weather');
  else if (!/^[a-z0-9][a-z0-9._-]*$/.test(shortName({ name })))
    faults.push(
      '--name: what follows the slash must begin with a letter or digit, since it names the npm package, too',
    );
  for (const [flag, text] of Object.entries({ '--description': description, '--title': title }))
    if (text.trim() === '' || [...text].length > 100 || /[\r\n]/.test(text))
      faults.push(`${flag} must be one line of 1 to 100 characters, as registries have it`);
  return faults;
}

/**
 * Writes the skeleton of a server into a folder that is empty or not there yet, with the SDK of the version that Fairlead
 * itself uses. Gives the paths of its files; undefined when something is in the folder.
 */
export async function writeSkeleton(
  folder: string,
  about: Pick<NewServer, 'name' | 'title' | 'description' | 'licence'>,
): Promise<string[] | undefined> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) return undefined;
  const { dependencies, devDependencies } = ours;
  const files = skeletonFiles({
    ...about,
    dependencies: { [sdk]: `^${dependencies[sdk]}`, zod: `^${dependencies.zod}` },
    devDependencies: {
      '@types/node': `^${devDependencies['@types/node']}`,
      typescript: `^${devDependencies.typescript}`,
    },
  });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
  return Object.keys(files);
}
