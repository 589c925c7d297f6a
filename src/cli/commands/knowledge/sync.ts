import { setTimeout as pause } from 'node:timers/promises';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { barOf, progressLine } from '../../progress.ts';
import { listIn, textsIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';
import { countsOf } from './runs.ts';

const lookMs = 500;

/** Reads the sources of a collection now. */
export const knowledgeSync: CommandSpec = {
  path: ['knowledge', 'sync'],
  summary: 'read the sources of a collection now',
  about: 'Sources are read by themselves at their intervals. What has not changed since is not read again.',
  args: [{ name: '<collection>', help: 'name of the collection' }],
  options: [
    { flags: '--source <name>', help: 'only this one' },
    { flags: '--watch', help: 'show how far it is, until it is over' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead knowledge sync handbook', does: 'begins and returns' },
    { line: 'fairlead knowledge sync handbook --watch', does: 'waits and shows what is found' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.collection);
    const source = textOf(options.source);
    const query = { org: textOf(options.org) };
    const client = await openClient(context, options);
    const runsNow = async () => listIn(await client.get('/knowledge/runs', query), 'runs');
    const path = `/knowledge/collections/${encodeURIComponent(name)}/sync`;
    const begun = await client.post(path, source === undefined ? {} : { source }, query);
    const sources = new Set(Array.isArray(begun.sources) ? begun.sources.map(String) : []);
    if (!options.watch || sources.size === 0) {
      if (options.json) screen.json(begun);
      else if (sources.size === 0) screen.line(`The collection ${name} has no sources: it is filled by upload.`);
      else screen.line(`Begun: ${textsIn(begun, 'sources')}. How far it is: npx fairlead knowledge runs`);
      return exitCodes.ok;
    }
    const progress = progressLine(context);
    for (;;) {
      const runs = (await runsNow()).filter((run) => run.collection === name && sources.has(String(run.source)));
      const over = runs.filter(
        ({ startedAt, endedAt }) => Number(startedAt) >= Number(begun.at) && endedAt !== undefined,
      );
      progress.show(lineOf(runs));
      if (over.length === sources.size) {
        progress.end();
        if (options.json) screen.json({ runs: over });
        else for (const run of over) screen.line(`${run.source}: ${run.state}, ${countsOf(run)}`);
        for (const { source, reason } of over) if (typeof reason === 'string') screen.note(`${source}: ${reason}`);
        return over.every(({ state }) => state === 'done') ? exitCodes.ok : exitCodes.failed;
      }
      await pause(lookMs, undefined, { signal: context.signal }).catch(() => {
        throw new CommandFailed(
          130,
          'Interrupted.',
          'The server goes on reading: fairlead knowledge runs tells how far it is.',
        );
      });
    }
  },
};

/** What goes on now, on one line. */
function lineOf(runs: JsonObject[]): string {
  const running = runs.filter(({ state }) => state === 'running');
  return running.map((run) => `${run.source} ${barOf(...howFar(run))} ${countsOf(run, others)}`.trim()).join('  ');
}

function howFar({ counts }: JsonObject): [number, number | undefined] {
  const { seen = 0, expected } = isObject(counts) ? counts : {};
  return [Number(seen), expected === undefined ? undefined : Number(expected)];
}

const others = ['added', 'changed', 'removed', 'failed'];
