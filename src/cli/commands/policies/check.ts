import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../../command.ts';
import { placesIn, readPolicy } from '../../policy-text.ts';
import { listIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** Whether a policy would be saved. */
export const policiesCheck: CommandSpec = {
  path: ['policies', 'check'],
  summary: 'check a Cedar file without saving it',
  args: [{ name: '<file>', help: 'the policy; - is standard input' }],
  options: [jsonOption],
  examples: [{ line: 'fairlead policies check no-writes.cedar', does: 'exit code 1 and every fault by its line' }],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const file = String(args.file);
    const text = await readPolicy(file, context);
    const found = await (await openClient(context, options)).post('/policies/check', { text });
    if (options.json) screen.json(found);
    else {
      for (const place of placesIn(found, 'faults', file)) screen.line(place);
      for (const place of placesIn(found, 'warnings', file)) screen.line(`${place} (warning)`);
      const { length } = listIn(found, 'rules');
      if (found.ok) screen.line(`${file} is valid: ${length} ${length === 1 ? 'rule' : 'rules'}.`);
    }
    return found.ok ? exitCodes.ok : exitCodes.failed;
  },
};
