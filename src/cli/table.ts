import { stripVTControlCharacters } from 'node:util';

/** Between two columns. */
export const gap = '  ';

/** A text is cut to no less. */
const shortest = 10;
const isId = /(?:^|[\s:(])[a-z]{2,12}_[0-9a-z]{20,}/;
const isTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

export interface FittedColumn {
  /** In the rows as they were. */
  index: number;
  width: number;
}

/**
 * Which columns of a table fit into a width, and how wide each is. Ids are for copying and times mean nothing without their
 * end, so neither is ever cut: where not even they fit, the table is wider than was asked for.
 *
 * @param rows the names of the columns first
 * @param least names of columns that are left out first, in their order; then others from the right, but for the first one
 */
export function fitTable(
  rows: readonly (readonly string[])[],
  least: readonly string[],
  limit: number,
): { columns: FittedColumn[]; left: string[] } {
  const [names = [], ...cells] = rows;
  const all = names.map((name, index) => {
    const column = cells.map((row) => row[index] ?? '');
    const width = Math.max(...[name, ...column].map(widthOf));
    const isFixed = name === 'ID' || column.some((cell) => isId.test(cell) || isTime.test(cell));
    return { name, index, width, min: isFixed ? width : Math.min(width, Math.max(shortest, widthOf(name))) };
  });
  const total = (list: typeof all, of: 'width' | 'min') =>
    list.reduce((sum, one) => sum + one[of], gap.length * (list.length - 1));

  let kept = all;
  const isSpare = ({ name, index, min, width }: (typeof all)[number]) =>
    index > 0 &&
    name !== 'ID' &&
    !least.includes(name) &&
    !(min === width && cells.some((row) => isId.test(row[index] ?? '')));
  const spare = [...least.flatMap((name) => all.filter((one) => one.name === name)), ...all.filter(isSpare).reverse()];
  for (const one of spare) {
    if (total(kept, 'min') <= limit) break;
    kept = kept.filter((other) => other !== one);
  }

  // What is widest gives first, so that short columns stay whole.
  const columns = kept.map((one) => ({ ...one }));
  for (let over = total(columns, 'width') - limit; over > 0; over--) {
    const givers = columns.filter(({ width, min }) => width > min);
    const widest = givers.reduce((best, one) => (one.width > best.width ? one : best), givers[0] ?? { width: 0 });
    if (givers.length === 0) break;
    widest.width--;
  }
  return {
    columns: columns.map(({ index, width }) => ({ index, width })),
    left: all.filter((one) => !kept.includes(one)).map(({ name }) => name),
  };
}

/** In characters, without what only styles them. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
