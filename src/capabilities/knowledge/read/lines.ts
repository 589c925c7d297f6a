/** Which line a position is on, from 1. */
export interface Lines {
  readonly count: number;
  lineAt(offset: number): number;
  /** Position of the first character of a line. */
  startOf(line: number): number;
}

export function createLines(text: string): Lines {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return {
    count: starts.length,
    lineAt(offset) {
      let low = 0;
      let high = starts.length;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if ((starts[middle] ?? 0) <= offset) low = middle;
        else high = middle;
      }
      return low + 1;
    },
    startOf: (line) => starts[line - 1] ?? text.length,
  };
}
