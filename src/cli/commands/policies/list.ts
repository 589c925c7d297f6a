import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** Every rule that is in force. */
export const policiesList: CommandSpec = {
  path: ['policies', 'list'],
  summary: 'list the rules that are in force',
  about: 'The shipped ones, those of the folder, and those that the organisation saved for itself.',
  options: [{ flags: '--text', help: 'the Cedar text of each' }, orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead policies list', does: 'names and what they are about' },
    { line: 'fairlead policies list --text', does: 'the rules themselves' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/policies', { org: textOf(options.org) });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    const inForce = isObject(body.inForce) ? (body.inForce as JsonObject) : {};
    const rules = listIn(inForce, 'rules');
    if (rules.length === 0)
      screen.line(`No rules are in force: everything is denied. ${plain(String(inForce.reason ?? ''))}`);
    else if (options.text)
      for (const { name, text } of rules) screen.line(`// ${plain(String(name))}\n${String(text).trim()}\n`);
    else {
      const rows = rules.map((rule) => [String(rule.effect), String(rule.name), String(rule.description ?? '')]);
      screen.table(['EFFECT', 'RULE', 'DESCRIPTION'], rows);
    }
    if (!options.text && typeof inForce.version === 'string') {
      const set = inForce.set === undefined ? '' : `, version ${inForce.set} of the organisation's own`;
      screen.line();
      screen.line(`policies ${inForce.version}${set}`);
    }
    const own = listIn(body, 'policies');
    if (own.length > 0 && !options.text) {
      screen.line();
      screen.table(
        ['POLICY', 'VERSION', 'SAVED BY'],
        own.map((each) => [String(each.name), String(each.version), String(each.savedBy)]),
      );
    }
    return exitCodes.ok;
  },
};
