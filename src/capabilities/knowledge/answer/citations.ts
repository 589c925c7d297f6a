// Marks such as [1], [2][3], [1, 3], [2-4], [^1], [passage 1] and 【1】, as models write them although they are told one way.

const several = String.raw`\d{1,3}(?:\s*(?:,|;|-|–|and|und|et|y)\s*\d{1,3})*`;
const mark = String.raw`(?:\[{1,2}\^?(?:passages?\s+)?${several}\]{1,2}(?:\([^()\s]*\))?|【${several}[^】]{0,20}】)`;

/** Any number of marks that follow each other, as the source of an expression. */
export const marks = String.raw`(?:\s*(?:[,;]\s*)?${mark})+`;

const codeSpan = /(`+)[^`](?:.*?[^`])?\1(?!`)/gs;
const oneMark = new RegExp(mark, 'gu');
const spacedMarks = new RegExp(marks, 'gu');
const mostOfRange = 30;

/** The places of inline code, in which nothing is a mark or the end of a sentence. */
export function codeSpansOf(text: string): { start: number; end: number; text: string }[] {
  return [...text.matchAll(codeSpan)].map(({ index, 0: all, 1: ticks = '' }) => ({
    start: index,
    end: index + all.length,
    text: all.slice(ticks.length, -ticks.length).trim(),
  }));
}

/** A text without its marks, and what they name, each once. */
export function withoutMarks(text: string): { text: string; citations: number[] } {
  const spans = codeSpansOf(text);
  const isCode = (at: number) => spans.some(({ start, end }) => at >= start && at < end);
  const citations: number[] = [];
  for (const { index, 0: found } of text.matchAll(oneMark)) if (!isCode(index)) citations.push(...numbersOf(found));
  const bare = text.replace(spacedMarks, (found, offset: number) => (isCode(offset) ? found : ''));
  return { text: bare.trim(), citations: [...new Set(citations)] };
}

function numbersOf(mark: string): number[] {
  const inner = mark.replace(/\]\(.*$/s, '').replace(/【|】|[[\]^]/g, '');
  const numbers: number[] = [];
  for (const { 1: from, 2: to } of inner.matchAll(/(\d{1,3})(?:\s*[-–]\s*(\d{1,3}))?/g)) {
    const first = Number(from);
    const last = Math.min(Number(to ?? from), first + mostOfRange);
    for (let each = first; each <= last; each++) numbers.push(each);
  }
  return numbers;
}
