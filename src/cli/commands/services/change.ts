import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { textsIn, textsOf } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** Other rights for a machine, or none for a while. */
export const servicesChange: CommandSpec = {
  path: ['services', 'change'],
  summary: 'change what a service account may do, or let it in no more',
  about: 'Roles and --disable count at once for tokens given out before; scopes for those that follow.',
  args: [{ name: '<id>', help: 'id of the account, as `fairlead services list` shows it' }],
  options: [
    { flags: '--name <text>', help: 'what people call it' },
    { flags: '--role <role...>', help: 'viewer, developer, operator or admin' },
    { flags: '--scope <scope...>', help: 'what its tokens may be used for' },
    { flags: '--disable', help: 'let it in no more, until --enable' },
    { flags: '--enable', help: 'let it in again' },
    orgOption,
    jsonOption,
  ],
  examples: [{ line: 'fairlead services change svc_06gz... --disable', does: 'it is out at once' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const [name, roles, scopes] = [textOf(options.name), textsOf(options.role), textsOf(options.scope)];
    const change = {
      ...(name === undefined ? {} : { name }),
      ...(roles.length > 0 ? { roles } : {}),
      ...(scopes.length > 0 ? { scopes } : {}),
      ...(options.disable || options.enable ? { disabled: options.disable === true } : {}),
    };
    if (Object.keys(change).length === 0)
      throw wrongUsage('Nothing is to be changed.', 'Add --name, --role, --scope, --disable or --enable.');
    const client = await openClient(context, options);
    const path = `/services/${encodeURIComponent(String(args.id))}`;
    const service = await client.put(path, change, { org: textOf(options.org) });
    if (options.json) screen.json(service);
    else {
      const state = service.disabled ? 'disabled' : 'let in';
      screen.line(`${plain(String(service.name))} is ${textsIn(service, 'roles')}, ${state}.`);
    }
    return exitCodes.ok;
  },
};
