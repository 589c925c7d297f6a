import type { CopyProgress } from '../platform/db/index.ts';
import type { CliContext } from './command.ts';
import { safe } from './terminal.ts';

const barWidth = 24;
const everyMs = 100;

/** One line on standard error that is written over again, for people; nothing at all where nobody watches. */
export function progressLine({ stderr }: Pick<CliContext, 'stderr'>): { show(text: string): void; end(): void } {
  const write = (text: string) => {
    if (stderr.isTTY) stderr.write(`\r\u001b[2K${safe(text).slice(0, (stderr.columns ?? 80) - 1)}`);
  };
  return { show: write, end: () => write('') };
}

/** Such as `[######..................] 53 of 212`; only the count where no total is known. */
export function barOf(done: number, total: number | undefined): string {
  if (total === undefined || total < Math.max(1, done)) return String(done);
  const filled = Math.round((barWidth * done) / total);
  return `[${'#'.repeat(filled).padEnd(barWidth, '.')}] ${done} of ${total}`;
}

export interface ProgressBar {
  /** Called as often as one likes; drawn a few times a second. */
  update(progress: CopyProgress): void;
  /** Takes the bar away. */
  end(): void;
}

/** A bar on standard error for people; nothing at all where nobody watches. */
export function progressBar({ stderr }: Pick<CliContext, 'stderr'>, verb: string): ProgressBar {
  if (!stderr.isTTY) return { update: () => {}, end: () => {} };
  let drawnAt = 0;
  return {
    update({ table, tableNumber, tables, rows }) {
      const now = performance.now();
      if (now - drawnAt < everyMs && tableNumber < tables) return;
      drawnAt = now;
      const filled = Math.round((barWidth * tableNumber) / Math.max(1, tables));
      const bar = '#'.repeat(filled).padEnd(barWidth, '.');
      const text = `${verb} [${bar}] table ${tableNumber} of ${tables}, ${rows} rows (${table})`;
      stderr.write(`\r\u001b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
    },
    end: () => void stderr.write('\r\u001b[2K'),
  };
}
