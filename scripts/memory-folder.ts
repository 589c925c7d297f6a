import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';

const place = '/dev/shm';
const prefix = 'fairlead-tests-';
const gib = 1024 ** 3;
const abandonedMs = 24 * 60 * 60_000;

/**
 * A folder in memory for the temporary files of a test run, gone when this process ends, or undefined where there is not room
 * enough. Each server of a test begins with a copy of a database of 40 MB, and flushes what it writes: on a disk that is half of
 * its start. A kill -9 loses as little of it as of a disk.
 */
export function memoryFolder(): string | undefined {
  if (process.platform !== 'linux' || !canRunPrograms() || roomBytes() < 6 * gib) return undefined;
  sweep();
  const folder = join(place, `${prefix}${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Tests start programs that they have written or installed there; containers often forbid that. */
function canRunPrograms(): boolean {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const [, , kind, options = ''] = mounts.map((line) => line.split(' ')).findLast(([, at]) => at === place) ?? [];
  return kind === 'tmpfs' && !options.split(',').includes('noexec');
}

function roomBytes(): number {
  const { bavail, bsize } = statfsSync(place);
  return Math.min(bavail * bsize, freemem());
}

/** What runs left that were killed. */
function sweep(): void {
  for (const name of readdirSync(place).filter((each) => each.startsWith(prefix))) {
    const folder = join(place, name);
    const isRunning = existsSync(join('/proc', name.slice(prefix.length)));
    const isOld = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > abandonedMs;
    if (!isRunning || isOld) rmSync(folder, { recursive: true, force: true });
  }
}
