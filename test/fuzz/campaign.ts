import { setTimeout as pause } from 'node:timers/promises';
import type { Fairlead } from '../harness.ts';
import { type Random, seededRandom } from './random.ts';
import { type Attempt, attemptOf, mutate, type Sample, samples } from './requests.ts';
import { type Answer, faultOf } from './verdict.ts';
import { bytesOf, exchange } from './wire.ts';

export interface Campaign {
  seed: number;
  /** Requests handed to the server's HTTP application in this process. */
  inProcess: number;
  /** Requests sent as bytes over a socket. */
  overSockets: number;
}

export interface CampaignReport {
  done: number;
  /** The first few requests that were answered wrongly, each with what was wrong. */
  faults: string[];
  /** How often each status was given. */
  statuses: Record<number, number>;
}

const side = 16;
const maxFaults = 10;
const patienceMs = 700;
const streamPatienceMs = 200;

/** Sends mutated requests at a server and judges every answer. */
export async function fuzz(fairlead: Fairlead, { seed, inProcess, overSockets }: Campaign): Promise<CampaignReport> {
  const report: CampaignReport = { done: 0, faults: [], statuses: {} };
  const key = await fairlead.makeKey(['operator'], { scopes: ['tools:call', 'audit:read'] });
  const adminKey = fairlead.adminKey;
  const { app } = fairlead.running.house.http({ draining: () => false, unready: async () => ({}) });
  const port = Number(new URL(fairlead.url).port);

  const judge = (n: number, attempt: Attempt, answer: Answer | undefined) => {
    report.done++;
    if (!answer) return;
    report.statuses[answer.status] = (report.statuses[answer.status] ?? 0) + 1;
    const fault = faultOf(attempt, answer);
    if (fault !== undefined && report.faults.length < maxFaults)
      report.faults.push(`${n}: ${render(attempt)}\n  ${fault}`);
  };

  const within = async (attempt: Attempt): Promise<Answer | undefined> => {
    const request = requestOf(attempt, fairlead.url);
    if (!request) return undefined; // nothing that a server in this process could be handed
    return readAnswer(await app.fetch(request));
  };

  const through = (attempt: Attempt, random: Random) =>
    exchange(port, bytesOf(attempt, `127.0.0.1:${port}`, random), patienceMs);

  const run = async (
    from: number,
    to: number,
    send: (attempt: Attempt, random: Random) => Promise<Answer | undefined>,
  ) => {
    let next = from;
    const workers = Array.from({ length: side }, async () => {
      while (next < to) {
        const n = next++;
        const random = seededRandom(seed + n);
        const known = samples(await sessionOf(n));
        const attempt = mutate(random, random.pick<Sample>(known), random.once(3) ? adminKey : key);
        judge(n, attempt, await send(attempt, random));
      }
    });
    await Promise.all(workers);
  };

  // A session dies of some mutations: each gets a young one.
  let session: { id: Promise<string>; upTo: number } | undefined;
  const sessionOf = (n: number): Promise<string> => {
    if (!session || n >= session.upTo) session = { id: openSession(fairlead, key), upTo: n + 200 };
    return session.id;
  };

  await run(0, inProcess, within);
  await run(inProcess, inProcess + overSockets, through);
  return report;
}

async function openSession(fairlead: Fairlead, key: string): Promise<string> {
  const sample = samples('').find(({ json }) => (json as { method?: string } | undefined)?.method === 'initialize');
  if (!sample) throw new Error('there is no sample of initialize');
  const { headers, body } = attemptOf(sample, key);
  const response = await fetch(`${fairlead.url}/mcp`, { method: 'POST', headers, body: new Uint8Array(body ?? []) });
  await response.body?.cancel();
  return response.headers.get('mcp-session-id') ?? 'none';
}

function requestOf({ method, path, headers, body }: Attempt, url: string): Request | undefined {
  try {
    const all = new Headers({ host: new URL(url).host });
    for (const [name, value] of headers) name === 'host' ? all.set(name, value) : all.append(name, value);
    const bodiless = method === 'GET' || method === 'HEAD';
    return new Request(`${url}${path}`, {
      method,
      headers: all,
      ...(body && !bodiless ? { body: new Uint8Array(body), duplex: 'half' } : {}),
    } as RequestInit);
  } catch {
    return undefined;
  }
}

/** Streams that go on are given up after their first part. */
async function readAnswer(response: Response): Promise<Answer> {
  const { status } = response;
  const contentType = response.headers.get('content-type') ?? '';
  if (!contentType.startsWith('text/event-stream')) return { status, contentType, body: await response.text() };
  const reader = response.body?.getReader();
  let body = '';
  const read = async () => {
    for (;;) {
      const chunk = await reader?.read();
      if (!chunk || chunk.done) return;
      body += Buffer.from(chunk.value).toString('utf8');
    }
  };
  await Promise.race([read().catch(() => undefined), pause(streamPatienceMs)]);
  await reader?.cancel().catch(() => undefined);
  return { status, contentType, body };
}

function render({ method, path, headers, body }: Attempt): string {
  const head = headers.map(([name, value]) => `${name}: ${name === 'authorization' ? '...' : value.slice(0, 80)}`);
  return `${method} ${path.slice(0, 200)}\n  ${head.join('\n  ')}\n  ${body?.toString('latin1').slice(0, 300) ?? '(no body)'}`;
}
