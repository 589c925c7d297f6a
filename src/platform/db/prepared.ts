import { hash } from 'node:crypto';
import { sql } from 'kysely';

const mark = '/* prepared */';

/**
 * Stands at the beginning of a statement that is asked again and again in the same words: the embedded database then parses
 * and plans it once. There that costs more than most statements themselves. There must be few of them, so lists go into them
 * as arrays. On a server, planning costs little and poolers between do not know whose statements are prepared.
 */
export const prepared = sql.raw(`${mark} `);

/** By what name each statement is prepared, where it is one of those. */
export function createNames(): (text: string) => string | undefined {
  const names = new Map<string, string>(); // by text
  return (text) => {
    if (!text.startsWith(mark)) return undefined;
    const name = names.get(text) ?? hash('sha256', text).slice(0, 40);
    names.set(text, name);
    return name;
  };
}
