import { settingsJsonSchema } from '../../../config/index.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../../command.ts';

/** What editors know fairlead.yaml by. */
export const configSchema: CommandSpec = {
  path: ['config', 'schema'],
  summary: 'print the JSON Schema of fairlead.yaml',
  about: 'For editors: save it, and put "# yaml-language-server: $schema=<its path>" on the first line of your file.',
  options: [{ ...jsonOption, help: 'on one line' }],
  examples: [{ line: 'fairlead config schema > fairlead.schema.json', does: 'save it beside your file' }],
  async run({ stdout }, { options }) {
    stdout.write(`${JSON.stringify(settingsJsonSchema(), null, options.json ? 0 : 2)}\n`);
    return exitCodes.ok;
  },
};
