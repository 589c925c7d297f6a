import type { NewServer } from './newserver.ts';

/** `src/server.ts` */
export function serverSource({ name }: NewServer): string {
  return `#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { countWords } from './count-words.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

// Standard output belongs to the protocol: what is to be logged goes to standard error.
serveStdio(() => {
  const server = new McpServer({ name: ${JSON.stringify(name)}, version });
  server.registerTool(countWords.name, countWords.definition, countWords.run);
  return server;
});
`;
}

/** `src/count-words.ts` */
export const toolSource = `import { z } from 'zod';

const maxCharacters = Number(process.env.MAX_CHARACTERS ?? 100_000);

const input = z.object({
  text: z.string().describe('The text, such as "one two three"; punctuation belongs to the word that it touches'),
});

const output = z.object({
  words: z.number().int().describe('Parts between white space'),
  lines: z.number().int().describe('Lines, the last one included'),
  characters: z.number().int().describe('Characters as people see them'),
});

/** What models read of the tool, and what it does. */
export const countWords = {
  name: 'count_words',
  definition: {
    title: 'Count words',
    description:
      'Counts the words, lines and characters of a text. Use it when a text has to keep to a limit, for which a guess is ' +
      'not good enough. It does not count tokens of a model.',
    inputSchema: input,
    outputSchema: output,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  },
  run({ text }: z.infer<typeof input>) {
    if (text.length > maxCharacters) {
      // Said to the model, which can do something about it.
      const reason = \`The text has more than \${maxCharacters} characters; count it in parts.\`;
      return { isError: true, content: [{ type: 'text' as const, text: reason }] };
    }
    const counts = countsOf(text);
    return { content: [{ type: 'text' as const, text: JSON.stringify(counts) }], structuredContent: counts };
  },
};

export function countsOf(text: string): z.infer<typeof output> {
  return {
    words: text.split(/\\s+/).filter((word) => word !== '').length,
    lines: text === '' ? 0 : text.split('\\n').length,
    characters: [...new Intl.Segmenter().segment(text)].length,
  };
}
`;

/** `src/count-words.test.ts` */
export const toolTest = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsOf } from './count-words.ts';

test('counts words, lines and characters as people see them', () => {
  assert.deepEqual(countsOf('one  two\\nthree 👩‍👩‍👧'), { words: 4, lines: 2, characters: 16 });
  assert.deepEqual(countsOf(''), { words: 0, lines: 0, characters: 0 });
});
`;
