import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packageRoot } from '../src/config/index.ts';
import { send } from './load.ts';
import { initialize } from './rpc.ts';

export interface Peer {
  /** Where it speaks MCP. */
  url: string;
  pid: number;
  stop(): void;
}

const startLimitMs = 60_000;

/** Fetched by npm when the bench runs: nothing else needs them. */
export const peers = {
  'mcp-proxy': {
    package: 'mcp-proxy@6.7.19',
    args: (port: number, command: string[]) => ['--port', `${port}`, '--host', '127.0.0.1', '--', ...command],
  },
  supergateway: {
    package: 'supergateway@4.0.0',
    args: (port: number, command: string[]) => [
      ...['--stdio', command.join(' '), '--outputTransport', 'streamableHttp', '--stateful'],
      ...['--port', `${port}`, '--logLevel', 'none'],
    ],
  },
} as const;

export const stdioUpstream = { command: process.execPath, args: [join(packageRoot, 'bench/stdio-upstream.ts')] };

/** A script of this folder that prints where it listens. */
export async function startScript(name: string, ...args: string[]): Promise<Peer> {
  const child = spawn(process.execPath, [join(packageRoot, 'bench', name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
    child.once('exit', (code) => reject(new Error(`bench/${name} ended with ${code}`)));
  });
  return { url, pid: child.pid ?? 0, stop: () => void child.kill() };
}

/** Another proxy before the stdio upstream; undefined when it cannot be had. */
export async function startPeer(name: keyof typeof peers): Promise<Peer | undefined> {
  const port = await freePort();
  const peer = peers[name];
  const command = [stdioUpstream.command, ...stdioUpstream.args];
  const child = spawn('npm', ['exec', '--yes', `--package=${peer.package}`, '--', name, ...peer.args(port, command)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000);
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  const until = Date.now() + startLimitMs;
  while (child.exitCode === null && Date.now() < until) {
    await pause(300);
    const answer = await send(url, initialize()).catch(() => undefined);
    if (answer?.status === 200) return { url, pid: child.pid ?? 0, stop: () => stopGroup(child) };
  }
  stopGroup(child);
  console.log(`${peer.package} cannot be had here: ${said.trim().split('\n').at(-1) || 'it does not answer'}`);
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
