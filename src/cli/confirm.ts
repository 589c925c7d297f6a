import { createInterface } from 'node:readline/promises';
import type { CliContext } from './command.ts';
import { CommandFailed, wrongUsage } from './errors.ts';

/**
 * Lets a person type `word` before something that cannot be undone, or that `why` says is to be thought over.
 * @throws CommandFailed when they do not, or when nobody can be asked
 */
export async function confirm(
  context: CliContext,
  question: string,
  word: string,
  why = { message: 'This cannot be undone', action: 'Add --yes to do it all the same.' },
): Promise<void> {
  const { stdin, stderr, signal } = context;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw wrongUsage(`${why.message}, and nobody can be asked here.`, why.action);
  }
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await lines.question(`${question}\nType ${word} to go on: `, { signal });
    if (answer.trim() !== word) throw new CommandFailed(1, 'Nothing was changed.', `It was not answered with ${word}.`);
  } finally {
    lines.close();
  }
}
