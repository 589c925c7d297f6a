import type { JsonObject } from '../../../kernel/json.ts';
import { isObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf, wideOption } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** The latest pass over each source. */
export const knowledgeRuns: CommandSpec = {
  path: ['knowledge', 'runs'],
  summary: 'show when each source was read last, what was found and what could not be read',
  options: [
    { flags: '--problems', help: 'name what could not be read or was left out, with the reason' },
    orgOption,
    wideOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead knowledge runs', does: 'one line for each source' },
    { line: 'fairlead knowledge runs --problems', does: 'with what went wrong' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const client = await openClient(context, options);
    const body = await client.get('/knowledge/runs', { org: textOf(options.org) });
    const runs = listIn(body, 'runs');
    if (options.json) {
      screen.json(body);
      return exitCodes.ok;
    }
    if (runs.length === 0) {
      screen.line('No source has been read yet. Sources stand in fairlead.yaml, under knowledge.collections.');
      return exitCodes.ok;
    }
    screen.table(['COLLECTION', 'SOURCE', 'STATE', 'DOCUMENTS', 'BEGUN'], runs.map(rowOf), ['BEGUN', 'DOCUMENTS']);
    for (const run of runs) {
      if (typeof run.reason === 'string') screen.note(`${run.collection}/${run.source}: ${run.reason}`);
      if (!options.problems) continue;
      for (const { uri, reason } of listIn(run, 'problems'))
        screen.line(`${run.collection}/${run.source}/${uri}: ${reason}`);
    }
    return exitCodes.ok;
  },
};

function rowOf(run: JsonObject): string[] {
  const at = typeof run.startedAt === 'number' ? new Date(run.startedAt).toISOString() : '';
  return [String(run.collection), String(run.source), String(run.state), countsOf(run), at];
}

/** Such as `212 seen, 3 added, 1 failed`: what is none is not told. */
export function countsOf({ counts }: JsonObject, names: readonly string[] = all): string {
  const known = isObject(counts) ? counts : {};
  return names
    .map((name) => [name, Number(known[name] ?? 0)] as const)
    .filter(([name, count]) => name === 'seen' || count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

const all = ['seen', 'added', 'changed', 'unchanged', 'removed', 'skipped', 'failed'];
