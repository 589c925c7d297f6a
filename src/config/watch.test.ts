import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { faultsOf } from './errors.ts';
import { type LoadedSettings, loadSettings } from './load.ts';
import { watchSettings } from './watch.ts';

async function world(text = 'server: { environment: one }') {
  const cwd = mkdtempSync(join(tmpdir(), 'fairlead-watch-'));
  const file = join(cwd, 'fairlead.yaml');
  writeFileSync(file, text);
  let loads = 0;
  const load = () => {
    loads++;
    return loadSettings({ env: {}, flags: {}, cwd });
  };
  const seen: string[] = [];
  const faults: string[] = [];
  const watch = watchSettings(
    await load(),
    load,
    ({ settings }) => void seen.push(settings.environment),
    (error) => void faults.push(...(faultsOf(error) ?? [String(error)])),
    { intervalMs: 20 },
  );
  onTestFinished(() => {
    watch.stop();
    rmSync(cwd, { recursive: true, force: true });
  });
  await setTimeout(60);
  return { cwd, file, watch, seen, faults, loads: () => loads };
}

const soon = { timeout: 5_000, interval: 10 };

describe('watching the settings', () => {
  it('notices a file that was written to, replaced, or is a link to another one now [SP-3]', async () => {
    const { cwd, file, seen } = await world();
    writeFileSync(file, 'server: { environment: written }');
    await vi.waitFor(() => expect(seen).toEqual(['written']), soon);

    writeFileSync(join(cwd, 'draft'), 'server: { environment: replaced }');
    renameSync(join(cwd, 'draft'), file);
    await vi.waitFor(() => expect(seen.at(-1)).toBe('replaced'), soon);

    writeFileSync(join(cwd, 'mounted'), 'server: { environment: linked }');
    unlinkSync(file);
    symlinkSync('mounted', file);
    await vi.waitFor(() => expect(seen.at(-1)).toBe('linked'), soon);

    writeFileSync(join(cwd, 'mounted'), 'server: { environment: behind }');
    await vi.waitFor(() => expect(seen.at(-1)).toBe('behind'), soon);
    expect(seen).toHaveLength(4);
  });

  it('notices a changed file that the settings refer to [SP-3]', async () => {
    const { cwd, file, seen } = await world();
    writeFileSync(join(cwd, 'name'), 'first');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the file
    writeFileSync(file, 'server: { environment: "${file:name}" }');
    await vi.waitFor(() => expect(seen).toEqual(['first']), soon);
    writeFileSync(join(cwd, 'name'), 'second');
    await vi.waitFor(() => expect(seen).toEqual(['first', 'second']), soon);
  });

  it('keeps what is in force when the file is faulty, says so once, and takes it when it is mended [SP-3]', async () => {
    const { file, seen, faults } = await world();
    writeFileSync(file, 'server: { port: wrong }');
    await vi.waitFor(() => expect(faults).toHaveLength(1), soon);
    expect(faults).toEqual(['server.port (line 1): must be a number']);
    await setTimeout(150);
    expect(faults).toHaveLength(1);
    expect(seen).toEqual([]);
    writeFileSync(file, 'server: { environment: mended }');
    await vi.waitFor(() => expect(seen).toEqual(['mended']), soon);
  });

  it('does nothing while nothing changes, and nothing after stop [SP-3]', async () => {
    const { file, watch, seen, loads } = await world();
    await setTimeout(150);
    expect(loads()).toBe(1);
    watch.stop();
    watch.stop();
    writeFileSync(file, 'server: { environment: late }');
    await setTimeout(150);
    expect(seen).toEqual([]);
  });

  it('loads on request although no file changed, one load at a time [SP-3]', async () => {
    const { watch, seen, loads } = await world();
    await Promise.all([watch.reload(), watch.reload(), watch.reload()]);
    expect(seen).toEqual(['one', 'one']);
    expect(loads()).toBe(3); // the first one, one for the request, one for those that came meanwhile
  });

  it('waits for the listener, hands it what was in force, and survives its errors [SP-3]', async () => {
    const pairs: string[] = [];
    const faults: unknown[] = [];
    let environment = 'a';
    const make = () => ({ settings: { environment }, warnings: [], sources: [] }) as unknown as LoadedSettings;
    const watch = watchSettings(
      make(),
      async () => make(),
      async (now, before) => {
        await setTimeout(20);
        pairs.push(`${before.settings.environment}>${now.settings.environment}`);
        if (environment === 'b') throw new Error('listener');
      },
      (error) => void faults.push(error),
    );
    onTestFinished(() => watch.stop());
    environment = 'b';
    await watch.reload();
    environment = 'c';
    await watch.reload();
    expect(pairs).toEqual(['a>b', 'b>c']);
    expect(faults).toEqual([new Error('listener')]);
  });
});
