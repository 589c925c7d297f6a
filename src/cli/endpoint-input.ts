import { isObject, type JsonObject } from '../kernel/json.ts';
import { type CliContext, type CommandInput, type OptionSpec, textOf } from './command.ts';
import { wrongUsage } from './errors.ts';
import { readSettings } from './json-file.ts';
import { textsOf } from './reading.ts';

const exampleSelector = `Such as 'toolsets=git,tickets annotations.readOnly=true' or 'tools=tickets.get_*'.`;
const exampleSettings = 'Such as {"toolsets": ["git"], "disclosure": "search"}';

/** What says which tools an endpoint serves, and how. */
export const endpointOptions: readonly OptionSpec[] = [
  { flags: '--toolset <toolset...>', help: 'only tools of this toolset' },
  {
    flags: '--include <selector...>',
    help: 'only tools that fit one of these: toolsets=, tools=, tags= (commas between), annotations.readOnly=true ...',
  },
  { flags: '--exclude <selector...>', help: 'no tools that fit one of these' },
  { flags: '--naming <kind>', help: 'prefixed (toolset_name), or bare' },
  { flags: '--disclosure <kind>', help: 'full (all tools are listed), or search' },
  { flags: '--pin <tool...>', help: 'listed also where the others have to be searched' },
  { flags: '--instructions <text>', help: 'what models read about this endpoint first' },
  { flags: '--settings-file <file>', help: 'settings as JSON, as under endpoints in fairlead.yaml; - is stdin' },
];

/** An endpoint's settings from the command line: those of the file, then the flags over them. The server checks them. */
export async function endpointSettings(context: CliContext, options: CommandInput['options']): Promise<JsonObject> {
  const file = textOf(options.settingsFile);
  const settings = file === undefined ? {} : await readSettings(file, exampleSettings, context);
  const lists = { toolsets: textsOf(options.toolset), pinned: textsOf(options.pin) };
  for (const [name, values] of Object.entries(lists)) if (values.length > 0) settings[name] = values;
  for (const name of ['include', 'exclude'] as const) {
    const selectors = textsOf(options[name]);
    if (selectors.length > 0) settings[name] = selectors.map((text) => selectorOf(text, name));
  }
  for (const name of ['naming', 'disclosure', 'instructions'] as const) {
    const value = textOf(options[name]);
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

/** One entry of `include` or `exclude`, written as words with `=` in them. */
function selectorOf(text: string, option: string): JsonObject {
  const selector: JsonObject = {};
  for (const word of text.trim().split(/\s+/)) {
    const [, list, values = ''] = /^(toolsets|tools|tags)=(.+)$/.exec(word) ?? [];
    const [, hint, value] = /^annotations\.(\w+)=(true|false)$/.exec(word) ?? [];
    if (list !== undefined) selector[list] = values.split(',');
    else if (hint !== undefined) {
      const before = isObject(selector.annotations) ? selector.annotations : {};
      selector.annotations = { ...before, [hint]: value === 'true' };
    } else throw wrongUsage(`--${option}: "${word}" selects nothing.`, exampleSelector);
  }
  return selector;
}
