import type { JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { readSettings } from '../../json-file.ts';
import { countOf, listIn, textsOf } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

const exampleSettings = 'Such as {"type": "webhook", "url": "https://pager.example.com/fairlead"}';

/** One more place that events are delivered to. */
export const destinationsAdd: CommandSpec = {
  path: ['events', 'destinations', 'add'],
  summary: 'have events delivered to a webhook from now on',
  about:
    'Events are signed as Standard Webhooks have it, by a secret that is made and shown once; the settings file may bring ' +
    'others. A destination of fairlead.yaml is changed there.',
  args: [{ name: '<name>', help: 'how it is called from now on' }],
  options: [
    { flags: '--webhook <url>', help: 'where events are posted to' },
    { flags: '--event <type...>', help: 'only these; * at the end stands for any rest' },
    { flags: '--timeout <seconds>', help: 'how long one try may take' },
    { flags: '--attempts <n>', help: 'tries before an event is a dead letter' },
    {
      flags: '--settings-file <file>',
      help: 'settings as JSON, as under events.destinations in fairlead.yaml; - is stdin',
    },
    { flags: '--replace', help: 'change the one of that name; without secrets in the settings it keeps its own' },
    orgOption,
    jsonOption,
  ],
  examples: [
    {
      line: "fairlead events destinations add pager --webhook https://pager.corp/x --event 'approval.*'",
      does: 'all that happens to approvals',
    },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const org = textOf(options.org);
    const file = textOf(options.settingsFile);
    const settings: JsonObject = file === undefined ? {} : await readSettings(file, exampleSettings, context);
    const url = textOf(options.webhook);
    if (url !== undefined) Object.assign(settings, { type: 'webhook', url });
    const events = textsOf(options.event);
    if (events.length > 0) settings.events = events;
    const [timeout, attempts] = [textOf(options.timeout), textOf(options.attempts)];
    if (timeout !== undefined) settings.timeoutSeconds = countOf(timeout, '--timeout');
    if (attempts !== undefined) settings.attempts = countOf(attempts, '--attempts');
    const client = await openClient(context, options);
    const known = listIn(await client.get('/events/destinations', { org }), 'destinations').find(
      (each) => each.name === name,
    );
    if (known?.source === 'runtime' && !options.replace) {
      throw new CommandFailed(
        exitCodes.failed,
        `There is a destination "${name}" already.`,
        'Add --replace to change it, or take another name.',
      );
    }
    const made = await client.put(`/events/destinations/${encodeURIComponent(name)}`, { settings }, { org });
    if (options.json) {
      screen.json(made);
      return exitCodes.ok;
    }
    screen.line(
      `${known ? 'Changed' : 'Added'} the destination ${name}. Try it: fairlead events destinations test ${name}`,
    );
    if (made.secret !== undefined)
      screen.line(`Its secret, shown this once: ${made.secret}\nThe receiver checks signatures with it.`);
    return exitCodes.ok;
  },
};
