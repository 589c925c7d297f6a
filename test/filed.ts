import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/config/index.ts';

/** What the fixture `filed` lists. */
export interface Filed {
  instructions?: string;
  tools?: Record<string, unknown>[];
  prompts?: Record<string, unknown>[];
  resources?: Record<string, unknown>[];
  templates?: Record<string, unknown>[];
}

/** An stdio upstream whose listing a test changes while it runs. */
export function filedUpstream(first: Filed) {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-filed-'));
  const file = join(folder, 'listing.json');
  const list = (next: Filed) => {
    writeFileSync(`${file}.new`, JSON.stringify(next));
    renameSync(`${file}.new`, file);
  };
  list(first);
  return {
    settings: {
      command: process.execPath,
      args: [join(packageRoot, 'test/fixtures/servers/filed.ts'), file],
      startTimeoutMs: 20_000,
    },
    list,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
