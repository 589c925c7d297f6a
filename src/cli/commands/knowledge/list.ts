import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn, textsIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** The collections of documents. */
export const knowledgeList: CommandSpec = {
  path: ['knowledge', 'list'],
  summary: 'list the collections of documents, how much is in them and who may read them',
  options: [orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead knowledge list', does: 'all of your organisation' },
    { line: 'fairlead knowledge list --json', does: 'for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/knowledge/collections', { org: textOf(options.org) });
    const collections = listIn(body, 'collections');
    if (options.json) screen.json(body);
    else if (collections.length === 0)
      screen.line('No collections. Declare them in fairlead.yaml, or add one: fairlead knowledge add --help');
    else {
      screen.table(
        ['NAME', 'DOCUMENTS', 'PASSAGES', 'VECTORS', 'SOURCE', 'READERS', 'WRITERS', 'DESCRIPTION'],
        collections.map((one) => [
          String(one.name),
          String(one.documents),
          String(one.passages),
          vectorsOf(one),
          String(one.source),
          textsIn(one, 'readers'),
          textsIn(one, 'writers'),
          String(one.description),
        ]),
        ['WRITERS', 'READERS', 'VECTORS', 'PASSAGES', 'SOURCE'],
      );
      const read = await client.get('/knowledge/runs', { org: textOf(options.org) });
      for (const run of listIn(read, 'runs').filter(({ state }) => state === 'failed'))
        screen.note(
          `${run.collection}/${run.source} could not be read: ${run.reason ?? 'fairlead knowledge runs tells more'}`,
        );
    }
    return exitCodes.ok;
  },
};

/** `1200 of bge-small (next: 300 of bge-base), 48000 tokens, cost 0.0048` */
function vectorsOf({ model, vectors }: JsonObject): string {
  if (!isObject(vectors) || (model === undefined && vectors.tokens === 0)) return '';
  const { passages, next, tokens, cost } = vectors;
  const coming = isObject(next) ? ` (next: ${next.passages} of ${next.model})` : '';
  const price = typeof cost === 'number' && cost > 0 ? `, cost ${Number(cost.toPrecision(3))}` : '';
  return `${passages} of ${model ?? 'no model'}${coming}, ${tokens} tokens${price}`;
}
