import type { Cover, FileCover } from './cover.ts';

/** Percentages. */
export interface Share {
  lines: number;
  branches: number;
}

export const whole = 'all of src';

/** Share by folder: one row for each room of the house, and one for all of them. */
export function shares(cover: Cover): Map<string, Share> {
  const groups = new Map<string, FileCover[]>([[whole, []]]);
  for (const [path, file] of [...cover].sort(([a], [b]) => a.localeCompare(b))) {
    for (const name of [folderOf(path), whole]) groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return new Map(
    [...groups].map(([name, files]) => [
      name,
      { lines: share(files.map(({ lines }) => lines)), branches: share(files.map(({ branches }) => branches)) },
    ]),
  );
}

export function folderOf(path: string): string {
  const [src = '', first = '', second = ''] = path.split('/');
  if (second === '') return src;
  return ['platform', 'capabilities', 'surfaces'].includes(first) ? `${src}/${first}/${second}` : `${src}/${first}`;
}

function share(maps: readonly ReadonlyMap<unknown, boolean>[]): number {
  const all = maps.reduce((sum, map) => sum + map.size, 0);
  const run = maps.reduce((sum, map) => sum + [...map.values()].filter(Boolean).length, 0);
  return all === 0 ? 100 : (run * 100) / all;
}

/** Folders that fall below what is committed, and rows of the committed file that are missing or stand for nothing. */
export function belowFloor(found: ReadonlyMap<string, Share>, floors: Record<string, Share>): string[] {
  const faults: string[] = [];
  for (const [folder, { lines, branches }] of found) {
    const floor = floors[folder];
    if (floor === undefined) faults.push(`${folder} has no floor: run \`npm run coverage -- --update\``);
    else {
      if (lines < floor.lines)
        faults.push(`${folder}: lines fell to ${lines.toFixed(1)} %, the floor is ${floor.lines} %`);
      if (branches < floor.branches) {
        faults.push(`${folder}: branches fell to ${branches.toFixed(1)} %, the floor is ${floor.branches} %`);
      }
    }
  }
  for (const folder of Object.keys(floors)) if (!found.has(folder)) faults.push(`${folder} has a floor, but no code`);
  return faults;
}

/** Half a percent below what there is: a change elsewhere may move a folder a little, a hole moves it more. */
export function floorsOf(found: ReadonlyMap<string, Share>): Record<string, Share> {
  const floor = (percent: number) => Math.max(0, Math.floor((percent - 0.5) * 10) / 10);
  return Object.fromEntries(
    [...found].map(([name, { lines, branches }]) => [name, { lines: floor(lines), branches: floor(branches) }]),
  );
}
