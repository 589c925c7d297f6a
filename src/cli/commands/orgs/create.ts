import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf } from '../../command.ts';
import { screenOf } from '../../terminal.ts';

/** A new tenant. */
export const orgsCreate: CommandSpec = {
  path: ['orgs', 'create'],
  summary: 'create an organisation',
  about: 'Its keys, upstreams, policies and audit are apart from all others.',
  args: [{ name: '<id>', help: 'lower case letters, digits and dashes, a letter first' }],
  options: [{ flags: '--name <text>', help: 'what people call it; its id when absent' }, jsonOption],
  examples: [
    { line: 'fairlead orgs create acme --name "Acme Ltd"', does: 'a new organisation' },
    { line: 'fairlead keys create --org acme --name admin --role admin', does: 'its first key' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = textOf(options.name);
    const client = await openClient(context, options);
    const org = await client.post('/orgs', { id: args.id, ...(name === undefined ? {} : { name }) });
    if (options.json) screen.json(org);
    else {
      screen.line(`Created the organisation ${org.id}.`);
      screen.line(`Its first key: npx fairlead keys create --org ${org.id} --name admin --role admin`);
    }
    return exitCodes.ok;
  },
};
