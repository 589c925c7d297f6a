/** A run of text as pdf.js tells it; positions in points from the lower left. */
export interface TextItem {
  str: string;
  transform: number[];
  width: number;
  height: number;
  hasEOL: boolean;
}

/** Items of one baseline, in the order in which they were drawn. */
export interface PdfLine {
  text: string;
  size: number;
  x: number;
  y: number;
}

/** Lines of a page, in the order of its content, which keeps columns apart. */
export function linesOf(items: readonly TextItem[]): PdfLine[] {
  const lines: PdfLine[] = [];
  let end = 0;
  let broken = true;
  for (const { str, transform, width, height, hasEOL } of items) {
    const x = transform[4] ?? 0;
    const y = transform[5] ?? 0;
    const size = height || Math.hypot(transform[2] ?? 0, transform[3] ?? 0);
    const last = lines.at(-1);
    if (str.trim() === '') {
      if (last && str !== '' && !broken) last.text += ' ';
    } else if (last && !broken && Math.abs(y - last.y) <= Math.max(size, last.size) * 0.4) {
      last.text += x - end > size * 0.15 && !last.text.endsWith(' ') ? ` ${str}` : str;
      last.size = Math.max(last.size, size);
    } else lines.push({ text: str, size, x, y });
    if (str !== '') end = x + width;
    broken = hasEOL;
  }
  for (const line of lines) line.text = line.text.replace(/\s+/g, ' ').trim();
  return lines.filter(({ text }) => text !== '');
}

/** The size in which most characters are set. */
export function bodySize(pages: readonly (readonly PdfLine[])[]): number {
  const counts = new Map<number, number>();
  for (const { size, text } of pages.flat()) {
    const rounded = Math.round(size * 2) / 2;
    counts.set(rounded, (counts.get(rounded) ?? 0) + text.length);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || a - b)[0]?.[0] ?? 0;
}

/** First and last lines that most pages share, but for their numbers: running titles. */
export function runningLines(pages: readonly (readonly PdfLine[])[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const page of pages) {
    const edges = new Set([...page.slice(0, 2), ...page.slice(-2)].map(({ text }) => runningKey(text)));
    for (const key of edges) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const enough = Math.max(3, pages.length * 0.5);
  return new Set([...counts].filter(([, count]) => count >= enough).map(([key]) => key));
}

export function runningKey(text: string): string {
  return text.replace(/\d+/g, '0').toLowerCase();
}

/** Lines as one running text: a word that was divided at the end of a line is whole again. */
export function joinLines(lines: readonly string[]): string {
  let text = '';
  for (const line of lines) {
    if (text === '') text = line;
    else if (/\p{L}{2}-$/u.test(text) && /^\p{Ll}/u.test(line)) text = text.slice(0, -1) + line;
    else text += `\n${line}`;
  }
  return text;
}
