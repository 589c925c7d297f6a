import { type Figure, percentile, setting } from '../figures.ts';
import { partsOf } from '../processes.ts';
import { openWorld } from '../world.ts';
import type { TextDocument } from './kept.ts';

const readers = 100;
const writers = 4;
/** One of so many documents that are sent in is put together of this many, and kept in several steps. */
const longEvery = 20;
const longOf = 150;

/**
 * What those who ask feel while others send documents in: through a server, each reader asking as soon as it was answered,
 * each writer sending as soon as its document was kept.
 */
export async function measureConcurrent(
  documents: readonly TextDocument[],
  queries: readonly string[],
  base: string,
): Promise<Figure[]> {
  const world = await openWorld({ config: { knowledge: { collections: { bench: {} } } } }, base);
  const { server } = world;
  const seconds = setting('BENCH_SECONDS', 20);
  const faults: string[] = [];
  const send = async (name: string, text: string) => {
    const form = new FormData();
    form.set('collection', 'bench');
    form.set('file', new Blob([text]), name);
    const headers = { authorization: `Bearer ${server.adminKey}` };
    const sent = await fetch(`${server.url}/api/v1/knowledge/documents`, { method: 'POST', body: form, headers });
    if (sent.status !== 201) faults.push(`a document was answered with ${sent.status}: ${await sent.text()}`);
    else await sent.arrayBuffer();
  };
  const ask = async (query: string) => {
    const answered = await server.request('/api/v1/tools/knowledge.query/call', { json: { arguments: { query } } });
    const body = (await answered.json()) as { result?: { structuredContent?: { passages?: unknown[] } } };
    if (!body.result?.structuredContent?.passages) faults.push(`a question was answered with ${JSON.stringify(body)}`);
  };
  const textOf = (at: number) => {
    const some = at % longEvery === 0 ? longOf : 1;
    return Array.from({ length: some }, (_, more) => documents[(at + more) % documents.length])
      .map((one) => `# ${one?.title}\n\n${one?.text}\n`)
      .join('\n');
  };
  try {
    const first = documents.slice(0, 200);
    for (const [at] of first.entries()) await send(`${at}.md`, textOf(at));

    const used = () => ({ server: server.cpuMicros(), ...partsOf(server.pid), bench: ownMicros() });
    const before = used();
    const times: number[] = [];
    const later: number[] = [];
    let sent = 0;
    const until = performance.now() + seconds * 1_000;
    const isOver = () => performance.now() > until;
    const reading = Array.from({ length: readers }, async (_, at) => {
      for (let n = at; !isOver(); n += readers) {
        const startedAt = performance.now();
        await ask(queries[n % queries.length] ?? '');
        times.push(performance.now() - startedAt);
        if (n >= readers) later.push(times.at(-1) ?? 0);
      }
    });
    const writing = Array.from({ length: writers }, async (_, at) => {
      for (let n = at; !isOver(); n += writers, sent++) await send(`${n % first.length}.md`, textOf(n));
    });
    await Promise.all([...reading, ...writing]);
    const after = used();
    const each = (part: keyof typeof before) => [(after[part] - before[part]) / 1_000 / times.length];
    const verified = await (await server.request('/api/v1/knowledge/collections/bench/verify')).text();
    if (!verified.includes('"ok":true')) faults.push(verified);
    for (const fault of faults.slice(0, 3)) console.log(fault);
    return [
      { what: 'questions answered', rounds: [times.length / seconds], unit: 'a second' },
      { what: 'documents kept beside them', rounds: [sent / seconds], unit: 'a second' },
      { what: 'a question: mean', rounds: [mean(times)], unit: 'ms', goal: 'below 500 ms' },
      { what: 'a question: p50', rounds: [percentile(times, 50)], unit: 'ms' },
      { what: 'a question: p99', rounds: [percentile(times, 99)], unit: 'ms' },
      { what: 'a question: longest', rounds: [Math.max(...times)], unit: 'ms', goal: 'below 2 s' },
      { what: '  after the first of each who asks', rounds: [Math.max(...later)], unit: 'ms' },
      { what: 'processor time of the server', rounds: each('server'), unit: 'ms a question' },
      { what: '  of its main thread', rounds: each('main'), unit: 'ms a question' },
      { what: 'of its document readers', rounds: each('children'), unit: 'ms a question' },
      { what: 'of those who ask and send', rounds: each('bench'), unit: 'ms a question' },
      { what: 'errors', rounds: [faults.length], unit: '', goal: 'none', digits: 0 },
    ];
  } finally {
    await world.stop();
  }
}

const ownMicros = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
