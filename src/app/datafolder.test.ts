import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeDataFolder } from './datafolder.ts';

/** A data folder with these modes, umask or not; names that end in a slash are folders in it. */
function folderOf(mode: number, content: Record<string, number> = {}): string {
  const outside = mkdtempSync(join(tmpdir(), 'fairlead-folder-'));
  onTestFinished(() => rmSync(outside, { recursive: true, force: true }));
  const folder = join(outside, 'data');
  mkdirSync(folder);
  for (const [name, each] of Object.entries(content)) {
    const path = join(folder, name);
    if (name.endsWith('/')) mkdirSync(path);
    else writeFileSync(path, '');
    chmodSync(path, each);
  }
  chmodSync(folder, mode);
  return folder;
}

const modeOf = (...path: string[]) => (statSync(join(...path)).mode & 0o7777).toString(8);

describe.skipIf(process.platform === 'win32')('the data folder', () => {
  it.each([0o755, 0o777, 0o750])('is closed when it was made open, and it is said once [SP-19]', async (mode) => {
    const folder = folderOf(mode);
    expect(await closeDataFolder(folder)).toEqual([
      `the data folder ${folder} was open to other users (mode ${mode.toString(8)}); it is closed to them now`,
    ]);
    expect(modeOf(folder)).toBe('700');
    expect(await closeDataFolder(folder)).toEqual([]);
  });

  it('is closed with what Fairlead keeps in it, and where it is reached by a link [SP-19]', async () => {
    const folder = folderOf(0o755, { 'db/': 0o755, 'audit/': 0o750, secret: 0o600, lock: 0o600 });
    symlinkSync(folder, `${folder}.link`);
    expect(await closeDataFolder(`${folder}.link`)).toHaveLength(3);
    expect([modeOf(folder), modeOf(folder, 'db'), modeOf(folder, 'audit')]).toEqual(['700', '700', '700']);
  });

  it('stays open when it is not for Fairlead alone, while its data is closed, and that is said each time [SP-19]', async () => {
    for (const [mode, content, why] of [
      [0o755, { 'db/': 0o755, 'notes.txt': 0o644 }, 'also holds what is not of Fairlead'],
      [0o1777, { 'db/': 0o777 }, 'set up to be shared'],
      [0o2775, {}, 'set up to be shared'],
    ] as const) {
      const folder = folderOf(mode, content);
      const [last] = (await closeDataFolder(folder)).slice(-1);
      expect(last).toContain(why);
      expect(last).toContain('secret, database and audit in it are closed');
      expect(/Whoever may write/.test(last ?? '')).toBe((mode & 0o022) !== 0);
      expect(modeOf(folder)).toBe(mode.toString(8));
      for (const name of readdirSync(folder)) {
        if (name === 'db') expect(modeOf(folder, name)).toBe('700');
        else expect(modeOf(folder, name)).toBe('644');
      }
      expect(await closeDataFolder(folder)).toEqual([last]);
    }
  });

  it('closes nothing that a link in it leads to, and says that it is open [SP-19]', async () => {
    const folder = folderOf(0o700);
    const elsewhere = folderOf(0o755);
    symlinkSync(elsewhere, join(folder, 'db'));
    expect(await closeDataFolder(folder)).toEqual([expect.stringContaining('cannot be closed: it is a link')]);
    expect(modeOf(elsewhere)).toBe('755');
  });

  it('need not be there yet [SP-19]', async () => {
    expect(await closeDataFolder(join(folderOf(0o700), 'none'))).toEqual([]);
  });

  it.runIf(process.geteuid?.() === 0)('of another user is left alone [SP-19]', async () => {
    const { chownSync } = await import('node:fs');
    const folder = folderOf(0o755, { 'db/': 0o755 });
    chownSync(folder, 65_534, 65_534);
    const said = await closeDataFolder(folder);
    expect(said.at(-1)).toContain('it belongs to another user');
    expect([modeOf(folder), modeOf(folder, 'db')]).toEqual(['755', '700']);
  });
});
