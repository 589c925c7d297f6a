import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packageRoot } from '../src/config/index.ts';
import { fixtureUpstream } from '../test/harness.ts';
import { send } from './load.ts';
import { initialize } from './rpc.ts';

export interface Peer {
  /** Where it speaks MCP. */
  url: string;
  stop(): void;
}

const peer = 'mcp-proxy@6.7.19'; // fetched by npm when this bench runs: nothing else needs it
const startLimitMs = 60_000;

/** The fixture over HTTP, without anything before it. */
export async function startUpstream(): Promise<Peer> {
  const child = spawn(process.execPath, [join(packageRoot, 'bench/upstream.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
  });
  return { url, stop: () => void child.kill() };
}

/** Another proxy before the stdio fixture; undefined when it cannot be had. */
export async function startPeer(): Promise<Peer | undefined> {
  const port = await freePort();
  const { command, args } = fixtureUpstream('legacy');
  const child = spawn(
    'npm',
    [
      'exec',
      '--yes',
      `--package=${peer}`,
      '--',
      'mcp-proxy',
      '--port',
      `${port}`,
      '--host',
      '127.0.0.1',
      '--',
      command,
      ...args,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  const until = Date.now() + startLimitMs;
  while (child.exitCode === null && Date.now() < until) {
    await pause(300);
    const answer = await send(url, initialize()).catch(() => undefined);
    if (answer?.status === 200) return { url, stop: () => stopGroup(child) };
  }
  stopGroup(child);
  console.log(`${peer} cannot be had here: ${said.trim().split('\n').at(-1) || 'it does not answer'}`);
  return undefined;
}

function stopGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {} // gone already
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
