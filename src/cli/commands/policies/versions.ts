import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { versionRow } from '../../policy-change.ts';
import { countOf, listIn } from '../../reading.ts';
import { moment, plain, safe, screenOf } from '../../terminal.ts';

/** All policies as they stood together. */
export const policiesVersions: CommandSpec = {
  path: ['policies', 'versions'],
  summary: 'list the versions of all policies together, or show one',
  about:
    'Each change of a policy that the organisation saved is one. A record of the audit names the one that decided.',
  args: [{ name: '[number]', help: 'the version whose policies are shown' }],
  options: [orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead policies versions', does: 'the newest first' },
    { line: 'fairlead policies versions 3', does: 'the policies as they stood then' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context, options);
    const org = textOf(options.org);
    const client = await openClient(context, options);
    const number = args.number === undefined ? undefined : countOf(String(args.number), 'The number');
    const body = await client.get(`/policy-versions${number === undefined ? '' : `/${number}`}`, { org });
    if (options.json) screen.json(body);
    else if (number === undefined) {
      const rows = listIn(body, 'versions').map((version) => versionRow(version, moment));
      screen.table(['VERSION', 'CHANGE', 'SAVED BY', 'WHEN', 'DIGEST'], rows, ['DIGEST', 'WHEN']);
    } else {
      for (const { name, version, text } of listIn(body, 'policies'))
        screen.line(`// ${plain(String(name))}, version ${version}\n${safe(String(text)).trim()}\n`);
    }
    return exitCodes.ok;
  },
};
