import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf } from '../../command.ts';
import { countOf, listIn } from '../../reading.ts';
import { moment, type Screen, screenOf } from '../../terminal.ts';

/** Which documents need care. */
export const knowledgeReport: CommandSpec = {
  path: ['knowledge', 'report'],
  summary: 'show stale documents, documents that say the same, and passages that did not help',
  args: [{ name: '[collection]', help: 'name of a collection; all that you may read when absent' }],
  options: [
    { flags: '--days <n>', help: 'stale is what its source has not changed for so many days; 180 by default' },
    jsonOption,
  ],
  examples: [
    { line: 'fairlead knowledge report', does: 'of all collections' },
    { line: 'fairlead knowledge report handbook --days 365', does: 'of one, older than a year' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const days = textOf(options.days);
    const client = await openClient(context, options);
    const body = await client.get('/knowledge/report', {
      collection: textOf(args.collection),
      ...(days === undefined ? {} : { days: countOf(days, '--days') }),
    });
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    showStale(body.unchanged, `Not changed for ${body.days} days`, 'changedAt', screen);
    showStale(body.unconfirmed, 'Not seen at their source for a week', 'confirmedAt', screen);
    const duplicates = listIn(body, 'duplicates');
    if (!body.allCompared) screen.note('There is too much to be compared as a whole: name a collection.');
    heading(screen, 'Documents that say the same', duplicates.length);
    for (const { similarity, ...group } of duplicates) {
      const names = listIn(group, 'documents').map(({ collection, uri }) => `${collection}/${uri}`);
      screen.line(`${similarity === 1 ? 'the same' : `alike ${similarity}`}: ${names.join(', ')}`);
    }
    const unhelpful = listIn(body, 'unhelpful');
    heading(screen, 'Passages that did not help', unhelpful.length);
    for (const passage of unhelpful) {
      screen.line(
        `${passage.collection}/${passage.uri} (passage ${passage.passage}): ${passage.unhelpful} no, ${passage.helpful} yes`,
      );
      for (const { note, query } of listIn(passage, 'notes'))
        if (note || query) screen.line(`  ${note ?? 'no note'}${query ? ` (asked: ${query})` : ''}`);
    }
    return exitCodes.ok;
  },
};

function showStale(value: unknown, title: string, field: string, screen: Screen): void {
  const stale = (isObject(value) ? value : {}) as JsonObject;
  heading(screen, title, Number(stale.total ?? 0));
  for (const one of listIn(stale, 'documents')) screen.line(`${moment(one[field])}  ${one.collection}/${one.uri}`);
}

function heading(screen: Screen, title: string, count: number): void {
  screen.line(screen.styled('bold', `${title}: ${count}`));
}
