/**
 * What somebody wrote, with what turns letters around or cannot be seen told by its number: a text must not look like another.
 */
export function readable(text: string): string {
  return text.replace(unseen, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** What turns letters around or cannot be seen. */
export const unseen = /(?![\n\t])\p{Cc}|[\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cf}]/gu;

/** The same on one line, and no longer than that. */
export function readableLine(text: string, max = 200): string {
  const line = readable(text.slice(0, max * 2))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > max ? `${line.slice(0, max - 1).toWellFormed()}…` : line;
}
