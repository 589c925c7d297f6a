import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { changeOptions, rehearseChange } from '../../policy-change.ts';
import { placesIn, readPolicy } from '../../policy-text.ts';
import { screenOf } from '../../terminal.ts';

/** A policy of the organisation's own. */
export const policiesSave: CommandSpec = {
  path: ['policies', 'save'],
  summary: 'save a Cedar policy, which counts at once',
  about:
    'It is checked first. What it changes and what it does to past decisions is shown, and you are asked; what was shown is\n' +
    'what is saved. The version before stays in the history.',
  args: [
    { name: '<name>', help: 'lower case letters, digits and dashes' },
    { name: '<file>', help: 'the policy; - is standard input' },
  ],
  options: [...changeOptions, orgOption, jsonOption],
  examples: [
    { line: 'fairlead policies save no-writes no-writes.cedar', does: 'a new policy, or a new version of it' },
    { line: 'fairlead policies save no-writes no-writes.cedar --yes', does: 'without being asked' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const file = String(args.file);
    const text = await readPolicy(file, context);
    const client = await openClient(context, options);
    const path = `/policies/${encodeURIComponent(String(args.name))}`;
    const headers = await rehearseChange(context, client, { save: String(args.name), text }, options);
    const more = { query: { org: textOf(options.org) }, headers };
    const { body: saved } = await client.exchange('PUT', path, { text }, more);
    if (options.json) screen.json(saved);
    else {
      for (const place of placesIn(saved, 'warnings', file)) screen.line(`${place} (warning)`);
      screen.line(`Saved ${saved.name} as version ${saved.version}; it is in force.`);
    }
    return exitCodes.ok;
  },
};
