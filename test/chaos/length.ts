/** CHAOS=short asks for minutes instead of hours. */
const short = process.env.CHAOS === 'short';

/** How often: in full, or in the short form. */
export function rounds(full: number, ofShort: number): number {
  return short ? ofShort : full;
}
