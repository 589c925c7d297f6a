// Finding the right tool among many: `npm run bench:discovery`. While the ranking is worked on, `-- --open` leaves out the
// sealed half of the intents, so that nobody works towards it.
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import {
  callTool,
  createToolIndex,
  createToolIndexer,
  describeTool,
  type SearchableTool,
  searchTools,
  type ToolIndex,
} from '../src/capabilities/discovery/index.ts';
import { type CorpusTool, readCorpus } from './discovery/corpus.ts';
import { type Intent, readIntents, recallOf } from './discovery/measure.ts';
import { type Figure, percentile, report, setting } from './figures.ts';

const rounds = setting('BENCH_ROUNDS', 5);
const largeCatalog = 2_000;
const answerPlaces = 5;

const halves = process.argv.includes('--open') ? (['open'] as const) : (['open', 'sealed'] as const);
const corpus = await readCorpus();
const bySet = Map.groupBy(corpus, ({ toolset }) => toolset);
console.log(`${corpus.length} tools: ${[...bySet].map(([name, tools]) => `${tools.length} ${name}`).join(', ')}`);

const index = createToolIndex(corpus.map(searchable));
const intents = halves.flatMap(readIntents);
report('Tokens (o200k)', tokenFigures());
report(`Recall of the right tool among ${corpus.length}`, halves.flatMap(recallFigures));
report(
  `Time at ${largeCatalog} tools, ${intents.length} intents`,
  await timeFigures(padded(corpus, largeCatalog).map(searchable)),
);

function tokenFigures(): Figure[] {
  const full = tokensOf(corpus.map(({ definition }) => definition));
  const listed = tokensOf([searchTools, describeTool, callTool]);
  const byId = new Map(corpus.map((tool) => [tool.id, tool.definition]));
  const answers = intents.map(({ intent }) =>
    tokensOf(index.search(intent, { limit: answerPlaces }).map(({ id }) => byId.get(id))),
  );
  return [
    { what: 'first listing, every tool', rounds: [full], unit: 'tokens' },
    { what: 'first listing, with search', rounds: [listed], unit: 'tokens' },
    { what: '  of the full listing', rounds: [(100 * listed) / full], unit: '%', goal: 'at most 3 %' },
    { what: `one answer, ${answerPlaces} tools with their schemas`, rounds: answers, unit: 'tokens' },
  ];
}

function recallFigures(half: 'open' | 'sealed'): Figure[] {
  const asked = readIntents(half);
  if (asked.length === 0) return []; // all have been looked at
  const { at1, at5, misses } = recallOf(index, asked);
  console.log(`\nMissed of the ${asked.length} ${half} intents:`);
  for (const { intent, rank, wanted, found } of misses)
    console.log(
      `  ${intent}\n    ${wanted[0]} is ${rank ? `number ${rank}` : 'not found'}; first is ${found[0] ?? 'nothing'}`,
    );
  const goal = half === 'sealed' ? 'at least 0.85' : undefined;
  return [
    { what: `${half}, ${asked.length} intents: recall@1`, rounds: [at1], unit: '' },
    { what: `${half}, ${asked.length} intents: recall@5`, rounds: [at5], unit: '', goal },
  ];
}

async function timeFigures(tools: readonly SearchableTool[]): Promise<Figure[]> {
  const indexer = createToolIndexer();
  const builds: number[] = [];
  const blocks: number[] = [];
  const p50: number[] = [];
  const p95: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const { made: large, longestMs } = await watched(indexer.build(tools));
    builds.push(performance.now() - start);
    blocks.push(longestMs);
    if (round === 0) searchTimes(large, intents); // the first searches pay for compiling
    const times = searchTimes(large, intents);
    p50.push(percentile(times, 50));
    p95.push(percentile(times, 95));
  }
  return [
    { what: 'build the index, in turns', rounds: builds, unit: 'ms' },
    { what: '  longest that all else waits', rounds: blocks, unit: 'ms', goal: '150 ms' },
    { what: 'search: p50', rounds: p50, unit: 'µs' },
    { what: 'search: p95', rounds: p95, unit: 'µs', goal: '5000 µs' },
  ];
}

/** What is made, and for how long at most nothing else could run meanwhile. */
async function watched<T>(making: Promise<T>): Promise<{ made: T; longestMs: number }> {
  let longestMs = 0;
  let last = performance.now();
  let isOver = false;
  const tick = () => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last);
    last = now;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);
  const made = await making;
  isOver = true;
  tick();
  return { made, longestMs };
}

function searchTimes(searched: ToolIndex, asked: readonly Intent[]): number[] {
  return asked.map(({ intent }) => {
    const start = performance.now();
    searched.search(intent);
    return (performance.now() - start) * 1_000;
  });
}

/** The corpus again under other names, until there are so many. */
function padded(tools: readonly CorpusTool[], count: number): CorpusTool[] {
  const again = tools.map((tool) => ({ ...tool, id: `again.${tool.definition.name}`, toolset: 'again' }));
  return [...tools, ...again].slice(0, count);
}

function searchable({ id, toolset, definition }: CorpusTool): SearchableTool {
  const { name, title, description, inputSchema } = definition;
  return { id, toolset, name, title, description, inputSchema };
}

function tokensOf(value: unknown): number {
  return countTokens(JSON.stringify(value));
}
