import { hiddenIn } from './characters.ts';
import { phrasesIn, plainText } from './phrases.ts';

const mostCharacters = 200_000;

/** What in a text speaks to the model that reads it instead of about its subject, or is hidden from people; in words. */
export function instructionsIn(text: string): string[] {
  const judged = text.slice(0, mostCharacters);
  const hidden = hiddenIn(judged).length > 0 ? ['Holds characters that people do not see.'] : [];
  return [...new Set([...phrasesIn(plainText(judged)).map(({ phrase }) => phrase.message), ...hidden])];
}
