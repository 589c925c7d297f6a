import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { ConfigInvalid, faultsOf } from '../src/config/errors.ts';
import { type LoadOptions, loadSettings } from '../src/config/load.ts';

export const settingsSecret = 'a secret of at least 32 bytes, as it must be';

/** A folder of its own, with these files in it, and what is loaded from there. */
export function settingsWorld(files: Record<string, string> = {}) {
  const cwd = mkdtempSync(join(tmpdir(), 'fairlead-config-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  const load = (options: Partial<LoadOptions> = {}) => loadSettings({ env: {}, flags: {}, cwd, ...options });
  const faults = async (options: Partial<LoadOptions> = {}) => {
    const error = await load(options).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(ConfigInvalid.is(error)).toBe(true);
    return [...(faultsOf(error) ?? [])];
  };
  return { cwd, load, faults };
}

export const yamlWorld = (text: string) => settingsWorld({ 'fairlead.yaml': text });
