import { resolve } from 'node:path';
import { type CommandSpec, exitCodes, jsonOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { screenOf } from '../../terminal.ts';

/** The beginning of a server of one's own. */
export const catalogTemplate: CommandSpec = {
  path: ['catalog', 'template'],
  summary: 'write the skeleton of a new MCP server, with its evaluation sheet',
  about:
    'In TypeScript on the official SDK, with one tool that works and its test, package.json, a server.json for registries,\n' +
    'README.md, and EVALUATION.md: licence, upkeep, permissions, data touched, alternatives and a score.',
  args: [{ name: '<folder>', help: 'that is empty or not there yet' }],
  options: [
    { flags: '--name <name>', help: 'its name in registries, such as io.github.user/weather; must be given' },
    { flags: '--title <text>', help: 'what people read; by default made of the name' },
    { flags: '--description <text>', help: 'what it is good for, in at most 100 characters' },
    { flags: '--licence <spdx>', help: 'its licence', default: 'Apache-2.0' },
    jsonOption,
  ],
  examples: [
    { line: 'fairlead catalog template ./weather --name io.github.user/weather', does: 'a new server in ./weather' },
  ],
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const folder = resolve(context.cwd, String(args.folder));
    const name = textOf(options.name);
    if (name === undefined) throw wrongUsage('It needs a name.', 'Such as --name io.github.user/weather');
    const title = textOf(options.title) ?? titleOf(name);
    const description = textOf(options.description) ?? `Counts words, until it does what ${title} is for.`;
    const { nameFaults, writeSkeleton } = await import('../../../capabilities/registry/index.ts');
    const faults = nameFaults({ name, title, description });
    if (faults.length > 0) throw wrongUsage(`The server cannot be called so: ${faults.join('; ')}.`);
    const files = await writeSkeleton(folder, { name, title, description, licence: String(options.licence) });
    if (!files) throw wrongUsage(`Something is in ${folder} already.`, 'Name a folder that is empty or not there yet.');
    if (options.json) screen.json({ folder, files });
    else {
      screen.line(`Wrote ${files.length} files to ${folder}:`);
      for (const file of files) screen.line(`  ${file}`);
      screen.line('\nNext: cd there, npm install, npm test, and read README.md.');
    }
    return exitCodes.ok;
  },
};

/** `io.github.user/acme-weather` is "Acme weather". */
function titleOf(name: string): string {
  const words = name
    .slice(name.indexOf('/') + 1)
    .replace(/[._-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
