import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { countOf, listIn, textsIn, textsOf } from '../../reading.ts';
import { moment, screenOf } from '../../terminal.ts';

/** What was asked in vain. */
export const knowledgeGaps: CommandSpec = {
  path: ['knowledge', 'gaps'],
  summary: 'list what was asked and found nothing that fits, most asked first',
  about:
    'What is asked often and not written down is worth a page. Who asked is not kept, and what looks like a secret is taken\n' +
    'out. What these documents are not about can be dismissed.',
  options: [
    { flags: '--days <n>', help: 'asked within so many days; 30 by default, at most 90' },
    { flags: '--dismiss <id...>', help: 'list these no more, however often they are asked' },
    orgOption,
    wideOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead knowledge gaps --days 7', does: 'of the last week' },
    { line: 'fairlead knowledge gaps --dismiss 3f9a1c0de47b5a21', does: 'not a matter for these documents' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const org = textOf(options.org);
    const days = textOf(options.days);
    const client = await openClient(context, options);
    const dismissed = textsOf(options.dismiss);
    for (const id of dismissed) {
      await client.delete(`/knowledge/gaps/${encodeURIComponent(id)}`, { org });
      if (!options.json) screen.line(`Dismissed ${id}.`);
    }
    if (dismissed.length > 0) {
      if (options.json) screen.json({ dismissed });
      return exitCodes.ok;
    }
    const body = await client.get('/knowledge/gaps', {
      org,
      ...(days === undefined ? {} : { days: countOf(days, '--days') }),
    });
    const gaps = listIn(body, 'gaps');
    if (options.json) screen.json(body);
    else if (gaps.length === 0) screen.line('Nothing was asked in vain.');
    else
      screen.table(
        ['ID', 'TIMES', 'BEST', 'LAST', 'COLLECTIONS', 'QUESTION'],
        gaps.map((gap) => [
          String(gap.id),
          String(gap.count),
          Number(gap.confidence).toFixed(2),
          moment(gap.lastAt),
          textsIn(gap, 'collections') || 'all',
          String(gap.query),
        ]),
        ['COLLECTIONS', 'BEST', 'LAST'],
      );
    return exitCodes.ok;
  },
};
