/** One altered stretch of a text: what stood there and what stands there now; either may be empty. */
export interface TextChange {
  before: string;
  after: string;
}

const maxTable = 1_000_000; // cells; beyond that the whole middle counts as altered

/** Where a text was altered, by lines and sentences, in order. */
export function textChanges(before: string, after: string): TextChange[] {
  const old = piecesOf(before);
  const now = piecesOf(after);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  return stretches(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
}

/** Lines, and the sentences of lines; a piece keeps the space that follows it. */
function piecesOf(text: string): string[] {
  return text.split(/(?<=\n)|(?<=[.!?;] )/);
}

function stretches(old: readonly string[], now: readonly string[]): TextChange[] {
  if (old.length * now.length > maxTable) return [{ before: old.join(''), after: now.join('') }];
  const common = commonLengths(old, now);
  const width = now.length + 1;
  const changes: TextChange[] = [];
  let open: TextChange | undefined;
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      open = undefined;
      i++;
      j++;
      continue;
    }
    if (!open) {
      open = { before: '', after: '' };
      changes.push(open);
    }
    const takeOld =
      j === now.length || (i < old.length && at(common, (i + 1) * width + j) >= at(common, i * width + j + 1));
    if (takeOld) open.before += old[i++] ?? '';
    else open.after += now[j++] ?? '';
  }
  return changes;
}

/** Longest common subsequence of what follows each pair of places. */
function commonLengths(old: readonly string[], now: readonly string[]): Uint32Array {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        old[i] === now[j]
          ? at(lengths, (i + 1) * width + j + 1) + 1
          : Math.max(at(lengths, (i + 1) * width + j), at(lengths, i * width + j + 1));
  return lengths;
}

const at = (table: Uint32Array, index: number) => table[index] ?? 0;

/** Two versions of a passage cut to where they differ, with some words around. */
export function narrowed({ before, after }: TextChange, around = 6): TextChange {
  const old = before.trim().split(/(?<=\s)(?=\S)/);
  const now = after.trim().split(/(?<=\s)(?=\S)/);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const from = Math.max(0, head - around);
  const cut = (words: readonly string[]) => {
    const to = Math.min(words.length, words.length - tail + around);
    return `${from > 0 ? '… ' : ''}${words.slice(from, to).join('').trim()}${to < words.length ? ' …' : ''}`;
  };
  return { before: before.trim() === '' ? '' : cut(old), after: after.trim() === '' ? '' : cut(now) };
}
