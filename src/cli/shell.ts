/** A word of a command line that somebody may copy: whatever stands in it, it stays one word to a shell. */
export function shellWord(text: string): string {
  return /^[\w.,:=+@/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
