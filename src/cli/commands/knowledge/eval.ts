import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf, wideOption } from '../../command.ts';
import { CommandFailed, wrongUsage } from '../../errors.ts';
import { countOf, listIn, textsOf } from '../../reading.ts';
import { moment, type Screen, screenOf } from '../../terminal.ts';

/** Figures that a threshold can be set for, as a server tells them. */
const figureKeys: Record<string, string> = {
  'hit-rate': 'hitRate',
  'hit-rate@1': 'hitRateAt1',
  'hit-rate@5': 'hitRateAt5',
  mrr: 'mrr',
  'abstention-precision': 'abstentionPrecision',
  'abstention-recall': 'abstentionRecall',
};

/** A team's own questions, asked and held against what they should find. */
export const knowledgeEval: CommandSpec = {
  path: ['knowledge', 'eval'],
  summary: 'ask a set of questions and tell how many are answered as they should be',
  about:
    'The file has questions, each with the documents that have the answer, words that the passage must have, or none. They\n' +
    'are asked on the server with the rights of your key; the figures are kept there and held against the time before.\n' +
    `Figures for --fail-under: ${Object.keys(figureKeys).join(', ')}.`,
  args: [{ name: '<file>', help: 'questions in YAML, JSON, JSONL or CSV' }],
  options: [
    { flags: '--name <name>', help: 'by which it is compared with the time before; that of the file, or its name' },
    { flags: '--limit <n>', help: 'passages for each question' },
    { flags: '--fail-under <figure=value...>', help: 'exit code 1 when a figure is below, such as hit-rate=0.9' },
    { flags: '--fail-worse', help: 'exit code 1 when a question is wrong now that was right the time before' },
    wideOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead knowledge eval questions.yaml', does: 'figures, what missed, and what has changed' },
    {
      line: 'fairlead knowledge eval questions.csv --fail-under hit-rate=0.9 abstention-recall=0.8',
      does: 'in a pipeline that is to stop',
    },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context, options);
    const file = String(args.file);
    const thresholds = textsOf(options.failUnder).map(thresholdOf);
    const input = await questionsOf(resolve(context.cwd, file), file, screen);
    if (!input) return exitCodes.usage;
    const limit = textOf(options.limit);
    const name = textOf(options.name) ?? input.name ?? basename(file).replace(/\.[^.]+$/, '');
    const client = await openClient(context, options);
    const body = await client.post('/knowledge/evaluations', {
      ...input,
      name,
      ...(limit === undefined ? {} : { limit: countOf(limit, '--limit') }),
    });
    const all = figuresIn(body);
    if (options.json) screen.json(body);
    else show(body, screen);
    const below = thresholds.filter(({ key, least }) => !(Number(all[key] ?? Number.NaN) >= least));
    for (const { figure, key, least } of below)
      screen.note(`${figure} is ${shareText(all[key])}, and ${least} is wanted.`);
    const worse = options.failWorse ? namesIn(body.change, 'newlyWrong').length : 0;
    if (worse > 0) screen.note(`${worse} ${worse === 1 ? 'question is' : 'questions are'} newly wrong.`);
    return below.length + worse > 0 ? exitCodes.failed : exitCodes.ok;
  },
};

/** What the file has, or undefined when its faults have been told. */
async function questionsOf(path: string, file: string, screen: Screen): Promise<Record<string, unknown> | undefined> {
  const { readQuestions } = await import('../../../capabilities/knowledge/index.ts'); // heavy, and only needed here
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new CommandFailed(exitCodes.usage, `The file "${file}" cannot be read (${code}).`, 'Check its path.');
  }
  const { faults, ...read } = readQuestions(text, file);
  if (!faults) return 'input' in read ? read.input : undefined;
  screen.note(`${file} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:`);
  for (const fault of faults) screen.note(`  - ${fault}`);
  return undefined;
}

function thresholdOf(text: string): { figure: string; key: string; least: number } {
  const [figure = '', value = ''] = text.split('=');
  const key = figureKeys[figure];
  const least = Number(value);
  if (key === undefined || value.trim() === '' || !(least >= 0 && least <= 1))
    throw wrongUsage(
      `"${text}" is no threshold.`,
      `Write one of ${Object.keys(figureKeys).join(', ')}, an equals sign, and a number from 0 to 1: hit-rate=0.9.`,
    );
  return { figure, key, least };
}

function show(body: JsonObject, screen: Screen): void {
  const change = isObject(body.change) ? (body.change as JsonObject) : undefined;
  const figures = isObject(body.figures) ? (body.figures as JsonObject) : {};
  screen.table(
    ['OF', 'QUESTIONS', 'RIGHT', 'HIT@1', 'HIT@5', 'HIT', 'MRR', 'ABSTAINS RIGHTLY', 'ABSTAINS WHERE IT SHOULD'],
    [
      rowOf('all', figuresIn(body)),
      ...(change ? [rowOf(`before, ${moment(change.since)}`, change.before)] : []),
      ...Object.entries(isObject(figures.tags) ? figures.tags : {}).map(([tag, one]) => rowOf(`tag ${tag}`, one)),
      ...Object.entries(isObject(figures.collections) ? figures.collections : {}).map(([name, one]) =>
        rowOf(`collection ${name}`, one),
      ),
    ],
  );
  const misses = listIn(body, 'misses');
  if (misses.length > 0) screen.line(`\n${screen.styled('bold', `Missed: ${misses.length}`)}`);
  for (const miss of misses) {
    screen.line(`- ${miss.key}`);
    screen.line(`  ${reasonOf(miss)}`);
    const found = listIn(miss, 'found').map(({ collection, uri }) => `${collection}/${uri}`);
    if (found.length > 0) screen.line(`  first came: ${found.join(', ')}`);
  }
  for (const [field, title] of Object.entries({ newlyRight: 'Newly right', newlyWrong: 'Newly wrong' })) {
    const names = namesIn(change, field);
    if (names.length > 0) screen.line(`\n${screen.styled('bold', `${title}: ${names.length}`)}`);
    for (const name of names) screen.line(`- ${name}`);
  }
}

function rowOf(of: string, value: unknown): string[] {
  const one = (isObject(value) ? value : {}) as JsonObject;
  return [of, String(one.questions), String(one.right), ...rates.map((key) => shareText(one[key]))];
}

const rates = ['hitRateAt1', 'hitRateAt5', 'hitRate', 'mrr', 'abstentionPrecision', 'abstentionRecall'];

function reasonOf(miss: JsonObject): string {
  const confidence = `confidence ${miss.confidence}`;
  const absent = namesIn(miss, 'absent');
  if (!miss.wanted) return `has no answer, and was told to have one (${confidence})`;
  if (miss.rank !== undefined) return `came as passage ${miss.rank}, and was told not to fit (${confidence})`;
  const none = absent.length > 0 ? `; there is no document ${absent.join(', ')} that you may read` : '';
  const wanted = namesIn(miss, 'expect');
  const came = listIn(miss, 'found').filter(({ collection, uri }) =>
    wanted.some((name) => [uri, `${collection}/${uri}`].includes(name)),
  );
  if (came.length > 0) return `came without all that was wanted of ${wanted.join(', ')} (${confidence})${none}`;
  return `did not come${wanted.length > 0 ? `: ${wanted.join(', ')}` : ''} (${confidence})${none}`;
}

function figuresIn(body: JsonObject): JsonObject {
  const figures = isObject(body.figures) ? body.figures : {};
  return (isObject(figures.all) ? figures.all : {}) as JsonObject;
}

function namesIn(value: unknown, field: string): string[] {
  const list = isObject(value) ? value[field] : undefined;
  return Array.isArray(list) ? list.map(String) : [];
}

const shareText = (value: unknown) => (typeof value === 'number' ? value.toFixed(3) : 'not measured');
