import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programOf } from './debian.ts';
import { dockerFault, startContainer } from './docker.ts';
import { diesWithUs, freePort, type Service, startProgram } from './service.ts';

/** Redis 7 or newer: from Docker, or the program of this system, installed when it is not there. */
export async function startRedis(): Promise<Service> {
  const urlOf = (address: string) => `redis://${address}`;
  if ((await dockerFault()) === undefined) {
    try {
      return await startContainer({ name: 'Redis', image: 'redis:7', port: 6379, urlOf, answers });
    } catch (error) {
      console.log(`Redis from Docker: ${(error as Error).message}`);
    }
  }
  const program = await programOf('redis-server', 'redis-server');
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-redis-'));
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const url = urlOf(`127.0.0.1:${port}`);
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'];
    try {
      const { stop } = await startProgram({ ...diesWithUs(program, args), answers: () => answers(url) });
      return {
        name: `Redis (${program})`,
        url,
        stop: async () => {
          await stop();
          rmSync(dir, { recursive: true, force: true });
        },
      };
    } catch (error) {
      if (attempt < 3) continue; // another program may have taken the port
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }
}

/** Sends an inline PING: no client library, which would keep trying. */
function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 1_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => end(data.toString().startsWith('+PONG')));
    socket.on('error', () => end(false));
    socket.on('timeout', () => end(false));
  });
}
