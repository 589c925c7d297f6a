// Turns lines of `intent | numbers` (see blind.ts) on standard input into intents, before any search has run on them:
// `node bench/discovery/seal.ts < lines`. The first set is halved by the seed alone. A later one is sealed as a whole, and
// those that were sealed until then, whose answers have been seen, become open.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { numbered } from './blind.ts';
import { readCorpus } from './corpus.ts';
import { type Intent, readIntents } from './measure.ts';
import { shuffled } from './shuffle.ts';

const tools = numbered(await readCorpus());
const fresh = shuffled(
  readFileSync(0, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): Intent => {
      const [intent = '', numbers = ''] = line.split('|');
      return { intent: intent.trim(), tools: numbers.trim().split(/\s+/).map(idOf) };
    }),
  'intents',
);

if (existsSync(fileOf('sealed'))) {
  write('open', [...readIntents('open'), ...readIntents('sealed')]);
  write('sealed', fresh);
} else {
  const half = fresh.length >> 1;
  write('open', fresh.slice(0, half));
  write('sealed', fresh.slice(half));
}

function write(name: 'open' | 'sealed', intents: readonly Intent[]): void {
  const lines = intents.map((each) => `  ${JSON.stringify(each)}`);
  writeFileSync(fileOf(name), `[\n${lines.join(',\n')}\n]\n`);
}

function fileOf(name: 'open' | 'sealed'): string {
  return join(import.meta.dirname, `intents.${name}.json`);
}

function idOf(number: string): string {
  const tool = tools[Number(number)];
  if (!tool) throw new Error(`no tool has the number ${number}`);
  return tool.id;
}
