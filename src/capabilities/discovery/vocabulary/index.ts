// What people say, and what tools call it. Only usage that is common among people who build, run or support software belongs here,
// in whole families, and nothing to please one tool or one question.
import { actions } from './actions.ts';
import { assistants } from './assistants.ts';
import { code } from './code.ts';
import { content } from './content.ts';
import { delivery } from './delivery.ts';
import { knowledge } from './knowledge.ts';
import { people } from './people.ts';
import { security } from './security.ts';
import { work } from './work.ts';

/** What tools call something, and what people say who mean it. */
export interface Sense {
  meant: string;
  /** What is done with it, if they mean only that. */
  deed?: string;
  said: readonly string[];
}

/** Where something is said that means several things, what it means first counts for what is done. */
export const senses: readonly Sense[] = [
  actions,
  people,
  code,
  work,
  delivery,
  security,
  assistants,
  content,
  knowledge,
].flatMap(sensesOf);

/** Lines of `meant < said, said` or `deed: meant < said`; one that is indented goes on with the line before. */
function sensesOf(text: string): Sense[] {
  return text
    .replaceAll('\n  ', ' ')
    .trim()
    .split('\n')
    .map((line) => {
      const [left = '', said = ''] = line.split('<');
      const [meant = '', deed] = left.split(':').reverse();
      return {
        meant: meant.trim(),
        ...(deed === undefined ? {} : { deed }),
        said: said.split(',').map((each) => each.trim()),
      };
    });
}
