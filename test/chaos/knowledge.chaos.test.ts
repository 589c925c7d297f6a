import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { databaseKinds } from '../database.ts';
import { databaseFor } from '../harness.ts';
import { type Served, serve } from '../served.ts';
import { rounds } from './length.ts';

const times = rounds(10, 2);
const documents = 120;
/** Of the long document: more than three steps of writing. */
const sections = 350;

it.each(databaseKinds)(
  'a server killed while it reads documents loses none and has none twice: %s [KN-2] [KN-3]',
  { timeout: times * 60_000 + 120_000 },
  async (kind) => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-knowledge-'));
    const dataDir = join(folder, 'data');
    const database = await databaseFor(dataDir, kind === 'postgres' ? process.env.TEST_DATABASE_URL : '');
    const config = { knowledge: { collections: { docs: { sources: { files: { folder: join(folder, 'docs') } } } } } };
    const write = async (round: number) => {
      for (let n = 0; n < documents; n++) {
        const text = `# Document ${n}\n\nThe lighthouse number${n} of round${round}.\n\n## More\n\n${'word '.repeat(200)}\n`;
        await writeFile(join(folder, 'docs', `${n}.md`), text);
      }
      const parts = Array.from(
        { length: sections },
        (_, n) => `## Part ${n}\n\nPart${n} of edition${round}. ${'word '.repeat(60)}`,
      );
      await writeFile(join(folder, 'docs', '0-long.md'), `# Long\n\n${parts.join('\n\n')}\n`);
    };
    await mkdir(join(folder, 'docs'));
    // biome-ignore lint/suspicious/noExplicitAny: the test says itself what it expects to find
    const read = async (server: Served, path: string, json?: unknown): Promise<any> =>
      (await server.request(`/api/v1${path}`, json === undefined ? {} : { method: 'POST', json })).json();
    let server: Served | undefined;
    try {
      for (let round = 0; round < times; round++) {
        await write(round);
        server = await serve({ dataDir, config, env: database.env });
        await server.ready();
        await pause(Math.random() * 2_000);
        server.kill('SIGKILL');
        await server.exited;
      }
      server = await serve({ dataDir, config, env: database.env });
      const running = server;
      await expect
        .poll(async () => (await read(running, '/knowledge/runs')).runs[0]?.state, { timeout: 90_000, interval: 500 })
        .toBe('done');
      expect(await read(running, '/knowledge/collections/docs/verify')).toEqual({
        ok: true,
        disagreements: [],
        pending: 0,
      });
      const [docs] = (await read(running, '/knowledge/collections')).collections;
      expect(docs).toMatchObject({ documents: documents + 1 });
      for (const n of [0, 1, documents - 1]) {
        const asked = { arguments: { query: `number${n} round${times - 1}`, limit: 1 } };
        const { result } = await read(running, '/tools/knowledge.query/call', asked);
        expect(result.structuredContent.passages).toMatchObject([{ uri: `${n}.md` }]);
      }
      const asked = { arguments: { query: `edition${times - 1}`, limit: 30, max_tokens: 50_000 } };
      const { result } = await read(running, '/tools/knowledge.query/call', asked);
      expect(result.structuredContent.passages).toHaveLength(30);
      const whole = { id: result.structuredContent.passages[0].id, extent: 'document', max_tokens: 50_000 };
      const all = await read(running, '/tools/knowledge.fetch/call', { arguments: whole });
      const texts: string[] = all.result.structuredContent.passages.map(({ text }: { text: string }) => text);
      expect(texts.length).toBeGreaterThanOrEqual(sections);
      expect(texts.filter((text) => /edition/.test(text) && !text.includes(`edition${times - 1}.`))).toEqual([]);
    } finally {
      await server?.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
