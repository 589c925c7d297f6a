/** A text of somebody else's, with what turns letters around or cannot be seen told by its number: it must not look like another. */
export function readable(text: string): string {
  return text.replace(unseen, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** What a reader of a text would not see, but for line ends and tabs. */
export const unseen = /(?![\n\t])\p{Cc}|[\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cf}]/gu;

/** The same on one line, and no longer than that. */
export function readableLine(text: string, max = 200): string {
  const line = readable(text.slice(0, max * 2))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > max ? `${line.slice(0, max - 1).toWellFormed()}…` : line;
}
