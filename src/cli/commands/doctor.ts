import { type CommandSpec, exitCodes, jsonOption } from '../command.ts';
import { examine, type Finding } from '../examine.ts';
import { offlineOptions } from '../offline.ts';
import { plain, screenOf } from '../terminal.ts';

const marks = { ok: 'ok   ', note: 'note ', wrong: 'WRONG' } as const;
const colours = { ok: 'green', note: 'yellow', wrong: 'red' } as const;

/** What is wrong here, and what to do about it. */
export const doctor: CommandSpec = {
  path: ['doctor'],
  summary: 'look for what keeps Fairlead from working here',
  about:
    'Node, settings, a running server, data folder, database, Redis, the programs of upstreams, the port. Changes\n' +
    'nothing. Exit code 1 when something is wrong.',
  options: [...offlineOptions, jsonOption],
  examples: [
    { line: 'fairlead doctor', does: 'every finding, with what to do' },
    { line: 'fairlead doctor --config team.yaml --json', does: 'for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const findings: Finding[] = [];
    for await (const finding of examine(context, options)) {
      findings.push(finding);
      if (options.json) continue;
      const { what, state, text, action } = finding;
      screen.line(`${screen.styled(colours[state], marks[state])}  ${what}: ${plain(text)}`);
      if (action) screen.line(`       ${action}`);
    }
    const wrong = findings.filter(({ state }) => state === 'wrong').length;
    if (options.json) screen.json({ ok: wrong === 0, findings });
    else
      screen.line(wrong === 0 ? '\nNothing is wrong.' : `\n${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.`);
    return wrong === 0 ? exitCodes.ok : exitCodes.failed;
  },
};
