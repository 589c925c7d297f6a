// Prints what every tool of the corpus says about itself, under numbers that tell nothing: `node bench/discovery/blind.ts`.
// Intents are written from this page, so that no tool's name, operation id or path can slip into their wording.
import { pathToFileURL } from 'node:url';
import { type CorpusTool, readCorpus } from './corpus.ts';
import { shuffled } from './shuffle.ts';

const seed = 'blind';
const longest = 260;

/** The tools in the order of their numbers: the same corpus gives the same numbers. */
export function numbered(tools: readonly CorpusTool[]): CorpusTool[] {
  return shuffled(
    tools.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    seed,
  );
}

function sayingOf({ toolset, definition: { name, title = '', description = '' } }: CorpusTool): string {
  // A summary in an OpenAPI document describes; a title that a server gives its tool is the name once more.
  const whole = toolset === 'github' ? `${title}. ${description}` : description;
  return whole
    .replaceAll(name, '…')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1') // links keep their words
    .replace(/https?:\/\/\S+/g, '…')
    .replace(/`[^`]*\/[^`]*`/g, '…') // paths
    .replace(/> \[!\w+\]/g, '')
    .split(/(?<=[.!?])\s+/)
    .filter(
      (sentence) =>
        !/OAuth app tokens|personal access token|fine-grained|media types?|rate limit|For more information|Closing down notice|Protected branches are|The authenticated user must|OAuth apps cannot|Returns the raw|endpoint/i.test(
          sentence,
        ),
    )
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, longest);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [number, tool] of numbered(await readCorpus()).entries()) console.log(`${number}\t${sayingOf(tool)}`);
}
