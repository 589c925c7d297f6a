// Turns lines of `intent | numbers` (see blind.ts) on standard input into the two files of intents, each half chosen by
// the seed alone: `node bench/discovery/seal.ts < lines`. To be run once for a set of intents, before any search.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { numbered } from './blind.ts';
import { readCorpus } from './corpus.ts';
import { shuffled } from './shuffle.ts';

const tools = numbered(await readCorpus());
const intents = readFileSync(0, 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [intent = '', numbers = ''] = line.split('|');
    return {
      intent: intent.trim(),
      tools: numbers
        .trim()
        .split(/\s+/)
        .map((number) => idOf(Number(number))),
    };
  });

const mixed = shuffled(intents, 'intents');
const half = mixed.length >> 1;
for (const [name, part] of [
  ['open', mixed.slice(0, half)],
  ['sealed', mixed.slice(half)],
] as const) {
  const lines = part.map((each) => `  ${JSON.stringify(each)}`);
  writeFileSync(join(import.meta.dirname, `intents.${name}.json`), `[\n${lines.join(',\n')}\n]\n`);
}

function idOf(number: number): string {
  const tool = tools[number];
  if (!tool) throw new Error(`no tool has the number ${number}`);
  return tool.id;
}
