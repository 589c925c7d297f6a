import { describe, expect, it } from 'vitest';
import { type Cover, merge } from './cover.ts';
import { belowFloor, floorsOf, folderOf, shares, whole } from './table.ts';

const file = (...lines: boolean[]) => ({
  lines: new Map(lines.map((run, index) => [index + 1, run])),
  branches: new Map([['1 if 0 0', true]]),
});

describe('the coverage table', () => {
  it('has a row for each room of the house', () => {
    expect(folderOf('src/main.ts')).toBe('src');
    expect(folderOf('src/kernel/json.ts')).toBe('src/kernel');
    expect(folderOf('src/cli/commands/keys/list.ts')).toBe('src/cli');
    expect(folderOf('src/capabilities/access/store.ts')).toBe('src/capabilities/access');
  });

  it('counts lines by folder and in all', () => {
    const cover: Cover = new Map([
      ['src/kernel/a.ts', file(true, false)],
      ['src/gateway/b.ts', file(true, true)],
    ]);
    expect(shares(cover).get('src/kernel')).toEqual({ lines: 50, branches: 100 });
    expect(shares(cover).get(whole)).toEqual({ lines: 75, branches: 100 });
  });

  it('takes a line as covered when any run covered it', () => {
    const cover: Cover = new Map([['src/kernel/a.ts', file(true, false)]]);
    merge(cover, new Map([['src/kernel/a.ts', file(false, true, true)]]));
    expect(shares(cover).get('src/kernel')?.lines).toBe(100);
  });

  it('finds a folder that fell, one without a floor and a floor without a folder', () => {
    const found = shares(new Map([['src/kernel/a.ts', file(true, false)]]));
    const floors = floorsOf(found);
    expect(belowFloor(found, floors)).toEqual([]);
    const higher = { ...floors, 'src/kernel': { lines: 80, branches: 99 } };
    expect(belowFloor(found, higher)).toEqual(['src/kernel: lines fell to 50.0 %, the floor is 80 %']);
    expect(belowFloor(found, { [whole]: { lines: 0, branches: 0 }, 'src/gone': { lines: 1, branches: 1 } })).toEqual([
      'src/kernel has no floor: run `npm run coverage -- --update`',
      'src/gone has a floor, but no code',
    ]);
  });
});
