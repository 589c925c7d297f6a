import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { percentile } from './figures.ts';
import type { Volley } from './load.ts';
import { stdioUpstream } from './peers.ts';

export interface Pipe {
  /** So many calls under way at a time, for `forMs`. */
  drive(callers: number, forMs: number): Promise<Volley>;
  stop(): void;
}

/** The stdio upstream spoken to directly, line by line: no proxy can be faster. */
export async function openPipe(): Promise<Pipe> {
  const child = spawn(stdioUpstream.command, stdioUpstream.args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, (line: string) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id } = JSON.parse(line);
    waiting.get(id)?.(line);
    waiting.delete(id);
  });
  let lastId = 0;
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (method: string, params: object) =>
    new Promise<string>((resolve) => {
      waiting.set(++lastId, resolve);
      say({ id: lastId, method, params });
    });
  await ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  });
  say({ method: 'notifications/initialized' });
  return {
    async drive(callers, forMs) {
      const latencies: number[] = [];
      let wrong = 0;
      const startedAt = performance.now();
      const caller = async () => {
        while (performance.now() - startedAt < forMs) {
          const sentAt = performance.now();
          const line = await ask('tools/call', { name: 'echo', arguments: { text: 'hello' } });
          latencies.push(performance.now() - sentAt);
          if (!line.includes('"hello"')) wrong++;
        }
      };
      await Promise.all(Array.from({ length: callers }, caller));
      const seconds = (performance.now() - startedAt) / 1000;
      const others: Record<string, number> = wrong > 0 ? { 'another answer': wrong } : {};
      return {
        p50: percentile(latencies, 50),
        p99: percentile(latencies, 99),
        perSecond: latencies.length / seconds,
        others,
      };
    },
    stop: () => void child.kill(),
  };
}
