import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { counted, textsOf } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** Results that are told again are told no more. */
export const cacheClear: CommandSpec = {
  path: ['cache', 'clear'],
  summary: 'have kept results made anew, on every server',
  options: [
    { flags: '--tag <tag...>', help: 'only results with one of these tags of `caching` in fairlead.yaml' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead cache clear --tag issues', does: 'what is about issues' },
    { line: 'fairlead cache clear', does: 'all results of your organisation' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const tags = textsOf(options.tag);
    const body = await client.post('/cache/invalidate', tags.length > 0 ? { tags } : {}, { org: textOf(options.org) });
    if (options.json) screen.json(body);
    else screen.line(`Cleared: ${counted(body.invalidated, 'result')} on the server that answered.`);
    return exitCodes.ok;
  },
};
