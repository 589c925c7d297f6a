import { createOutline } from '../chunk/index.ts';
import type { Content } from './content.ts';

/** Plain text: paragraphs by blank lines, headings where they are underlined (reStructuredText, man pages) or `== Like so`. */
export function readText(text: string, name: string): Content {
  const lines = text.split('\n');
  const outline = createOutline();
  const marks: string[] = [];
  const asciidoc = /\.a(scii)?doc$/i.test(name);
  let title: string | undefined;
  let start = 0;
  const close = (end: number) => {
    if (end > start) {
      const place = { line: start + 1, endLine: end };
      outline.add({ kind: 'text', text: lines.slice(start, end).join('\n'), place, verbatim: true });
    }
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.trim() === '') {
      close(at);
      start = at + 1;
      continue;
    }
    const level = asciidoc
      ? asciidocLevel(line)
      : at === start
        ? underlinedLevel(line, lines[at + 1], marks)
        : undefined;
    if (level === undefined) continue;
    close(at);
    const heading = asciidoc ? line.replace(/^=+\s+/, '').trim() : line.trim();
    title ??= heading;
    const end = asciidoc ? at + 1 : at + 2;
    outline.open(level, heading, { line: at + 1, endLine: end });
    start = end;
    at = end - 1;
  }
  close(lines.length);
  return { kind: 'text', title, blocks: outline.blocks() };
}

function asciidocLevel(line: string): number | undefined {
  return /^(={1,6})\s+\S/.exec(line)?.[1]?.length;
}

/** The mark that underlines first is the highest level. */
function underlinedLevel(line: string, next: string | undefined, marks: string[]): number | undefined {
  const mark = /^([=~^"'`#*+-])\1{2,}\s*$/.exec(next ?? '')?.[1];
  const shown = line.trim();
  if (mark === undefined || line !== line.trimEnd().trimStart() || shown.length > 120) return undefined;
  if ((next ?? '').trimEnd().length < shown.length || !/[\p{L}\p{N}]/u.test(shown)) return undefined;
  if (!marks.includes(mark)) marks.push(mark);
  return marks.indexOf(mark) + 1;
}
