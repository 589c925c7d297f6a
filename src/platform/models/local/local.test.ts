import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { localModel } from '../../../../test/local-model.ts';
import { createProcesses } from '../../process/index.ts';
import { createLocalEmbedder } from './local.ts';

const log = pino({ level: 'silent' });
const signal = new AbortController().signal;
const cosine = (a: Float32Array = new Float32Array(), b: Float32Array = a) =>
  a.reduce((sum, one, at) => sum + one * (b[at] ?? 0), 0);

it('a model in a folder makes vectors of what texts mean, of any length, without holding up the server [KN-6]', async (test) => {
  const found = localModel();
  if ('missing' in found) return test.skip(found.missing);
  const settings = { directory: found.directory, pooling: 'mean' as const, threads: 1 };
  const processes = createProcesses({ inherit: { PATH: process.env.PATH ?? '' }, log });
  const embedder = createLocalEmbedder({ settings, processes, log });
  try {
    const texts = ['Rent a car', 'Hire of vehicles', 'Cooking dinner', 'word '.repeat(20_000)];
    const { vectors, tokens } = await embedder.embed(texts, 'passage', signal);
    const [rent, hire, cook, long] = vectors;
    expect(vectors.map(({ length }) => length)).toEqual([384, 384, 384, 384]);
    expect(cosine(rent)).toBeCloseTo(1, 3);
    expect(cosine(rent, hire)).toBeGreaterThan(cosine(rent, cook) + 0.3);
    expect(cosine(long)).toBeCloseTo(1, 3);
    expect(tokens).toBe(512 + 5 + 5 + 4);

    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const startedAt = performance.now();
    const many = Array.from({ length: 48 }, (_, at) => `${at} ${'a ship in a harbour waits for the tide '.repeat(20)}`);
    await embedder.embed(many, 'passage', signal);
    const tookMs = performance.now() - startedAt;
    delay.disable();
    // In this process one text alone would hold everything up for as long as it takes.
    expect(delay.percentile(90) / 1e6).toBeLessThan(tookMs / 20);

    const gone = new AbortController();
    const asked = embedder.embed(many, 'passage', gone.signal);
    gone.abort(new Error('nobody waits'));
    await expect(asked).rejects.toThrow('nobody waits');
    const other = createLocalEmbedder({ settings: { ...settings, pooling: 'cls' }, processes, log });
    expect(other.model).not.toBe(embedder.model);
  } finally {
    await embedder.stop(); // in the middle of its work
    await processes.stop();
  }
});
