import { type ChildProcess, spawn as spawnRaw } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CommandNotFound,
  CommandNotStarted,
  createProcesses,
  type Processes,
  WorkingDirectoryMissing,
} from './index.ts';

const log = pino({ level: 'silent' });
const inherit = { PATH: process.env.PATH ?? '' };
const onLinux = process.platform === 'linux';
let folder: string;
let processes: Processes;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-process-'));
  processes = createProcesses({ inherit, log });
});
afterEach(async () => {
  await processes.stop();
  for (const pid of startedPids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

// Each member of the family writes its pid to a file named after its role, and stays.
const stay = (role: string) =>
  `require('node:fs').writeFileSync(process.env.FOLDER + '/${role}', String(process.pid));setInterval(() => {}, 1000);`;
const stubborn = `process.on('SIGTERM', () => {});`;
const family = (own = '') => `
  const { spawn } = require('node:child_process');
  const start = (code, options) => spawn(process.execPath, ['-e', code], { stdio: 'ignore', ...options });
  ${own}
  start(${JSON.stringify(stubborn + stay('ignores-sigterm'))});
  start(${JSON.stringify(stubborn + stay('new-session'))}, { detached: true });
  start(${JSON.stringify(stubborn + stay('bare-environment'))}, { detached: true, env: { FOLDER: process.env.FOLDER } });
  start(${JSON.stringify(`require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn + stay('double-forked'))}], { stdio: 'ignore', detached: true }).unref();`)}, { detached: true }).unref();
  ${stay('child')}
`;
const roles = ['bare-environment', 'child', 'double-forked', 'ignores-sigterm', 'new-session'];

function spec(code: string, more: Record<string, string> = {}) {
  return { command: process.execPath, args: ['-e', code], env: { FOLDER: folder, ...more }, label: 'test' };
}

function startedPids(): number[] {
  return readdirSync(folder)
    .filter((name) => roles.includes(name))
    .map((name) => Number(readFileSync(join(folder, name), 'utf8')));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (!onLinux) return true;
  try {
    // A zombie that a container's first process does not reap is dead all the same.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  for (const giveUpAt = Date.now() + timeoutMs; Date.now() < giveUpAt; await sleep(20)) if (condition()) return true;
  return condition();
}

async function wholeFamily(): Promise<number[]> {
  const complete = () => roles.every((role) => existsSync(join(folder, role)) && startedPids().every(Boolean));
  expect(await until(complete, 15_000), 'the whole family runs').toBe(true);
  return startedPids();
}

const allGone = (pids: number[], timeoutMs: number) => until(() => !pids.some(isAlive), timeoutMs);

describe('a child process', () => {
  it('speaks over its pipes and tells how it ended', async () => {
    const child = await processes.spawn(
      spec(`process.stdin.pipe(process.stdout); process.stdin.on('end', () => process.exit(7))`),
    );
    child.stdin.end('hello');
    expect(await text(child.stdout)).toBe('hello');
    expect(await child.exited).toEqual({ code: 7, signal: null });
  });

  it('sees only the allow-listed environment and what its declaration adds [SP-9]', async () => {
    process.env.OUR_SECRET = 'never handed on';
    const child = await processes.spawn(spec('process.stdout.write(JSON.stringify(process.env))', { OWN: 'yes' }));
    const env = JSON.parse(await text(child.stdout));
    delete process.env.OUR_SECRET;
    delete env.NODE_V8_COVERAGE; // Node hands it on by itself, while coverage is measured
    expect(Object.keys(env).sort()).toEqual(['FAIRLEAD_PROCESS_TREE', 'FOLDER', 'OWN', 'PATH']);
  });

  it('gets its arguments as a list that no shell ever reads [SP-9]', async () => {
    const args = ['$(echo no)', ';', '`echo no`', '*', 'a b', '"', ''];
    const child = await processes.spawn({
      ...spec(''),
      args: ['-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)))', '--', ...args],
    });
    expect(JSON.parse(await text(child.stdout))).toEqual(args);
  });

  it('may close its input without a write to it crashing the server', async () => {
    const child = await processes.spawn(spec('process.stdin.destroy(); setTimeout(() => {}, 300)'));
    for (let i = 0; i < 50; i++) {
      child.stdin.write('x'.repeat(100_000));
      await sleep(2);
    }
    await child.exited;
  });
});

describe('starting', () => {
  it('names a command that does not exist', async () => {
    const failure = processes.spawn({ ...spec(''), command: 'no-such-command-here' });
    await expect(failure).rejects.toSatisfy(CommandNotFound.is);
    await expect(failure).rejects.toThrow('The command "no-such-command-here" was not found.');
  });

  it('tells a missing working directory from a missing command', async () => {
    await expect(processes.spawn({ ...spec(''), cwd: join(folder, 'none') })).rejects.toSatisfy(
      WorkingDirectoryMissing.is,
    );
  });

  it('says why a file cannot be run', async () => {
    const file = join(folder, 'script');
    writeFileSync(file, '#!/no/such/interpreter\n', { mode: 0o755 });
    await expect(processes.spawn({ ...spec(''), command: file })).rejects.toThrow('interpreter');
    writeFileSync(join(folder, 'plain'), 'text', { mode: 0o644 });
    await expect(processes.spawn({ ...spec(''), command: join(folder, 'plain') })).rejects.toSatisfy(
      CommandNotStarted.is,
    );
    await expect(processes.spawn({ ...spec(''), args: ['a\0b'] })).rejects.toSatisfy(CommandNotStarted.is);
  });

  it('is refused once stopped', async () => {
    await processes.stop();
    await expect(processes.spawn(spec(''))).rejects.toThrow('shutting down');
  });
});

describe.runIf(onLinux)('no descendant outlives', () => {
  it('kill: neither one that ignores SIGTERM nor one in a session of its own [SP-9]', async () => {
    const child = await processes.spawn(spec(family()));
    const pids = await wholeFamily();
    const neighbour = await processes.spawn(spec('setInterval(() => {}, 1000)'));
    await child.kill(300);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(isAlive(neighbour.pid)).toBe(true);
  });

  it('kill: a child that ignores SIGTERM itself gets SIGKILL when its grace is over', async () => {
    const child = await processes.spawn(spec(`${stubborn} process.stdout.write('up'); setInterval(() => {}, 1000)`));
    await once(child.stdout, 'data');
    const startedAt = Date.now();
    await child.kill(400);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(390);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('kill: a shorter second grace hurries a longer first one', async () => {
    const child = await processes.spawn(spec(`${stubborn} process.stdout.write('up'); setInterval(() => {}, 1000)`));
    await once(child.stdout, 'data');
    const startedAt = Date.now();
    await Promise.all([child.kill(20_000), child.kill(50)]);
    expect(Date.now() - startedAt).toBeLessThan(5000);
  });

  it('a child that ends by itself [SP-9]', async () => {
    const child = await processes.spawn(spec(family(`process.on('SIGUSR2', () => process.exit(0));`)));
    const pids = await wholeFamily();
    process.kill(child.pid, 'SIGUSR2');
    await child.exited;
    expect(
      await allGone(
        pids.filter((pid) => !bareOf().includes(pid)),
        3000,
      ),
    ).toBe(true);
  });

  it('stop [SP-9]', async () => {
    await processes.spawn(spec(family()));
    const pids = await wholeFamily();
    await processes.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

/** What left its group and dropped its environment can only be found while its parent lives. */
function bareOf(): number[] {
  return [Number(readFileSync(join(folder, 'bare-environment'), 'utf8'))];
}

describe.runIf(onLinux)('no descendant outlives the server when it ends', () => {
  const door = new URL('./index.ts', import.meta.url).href;

  /** A server of its own with one family, which ends by `ending` when it reads a line. */
  function server(ending: string): ChildProcess {
    const file = join(folder, 'server.mjs');
    writeFileSync(
      file,
      `import { createProcesses } from ${JSON.stringify(door)};
       const log = { debug() {}, info() {}, warn() {}, error() {} };
       const processes = createProcesses({ inherit: ${JSON.stringify(inherit)}, log });
       const child = await processes.spawn(${JSON.stringify(spec(family()))});
       process.stdin.once('data', () => { ${ending} });`,
    );
    return spawnRaw(process.execPath, [file], { stdio: ['pipe', 'ignore', 'ignore'] });
  }

  it.each([
    ['by kill -9', 'process.kill(process.pid, "SIGKILL")'],
    ['by process.exit', 'process.exit(0)'],
    ['by an uncaught exception', 'throw new Error("crash")'],
    ['by an unhandled rejection', 'void Promise.reject(new Error("crash"))'],
    ['by abort', 'process.abort()'],
  ])('%s [SP-9]', async (_, ending) => {
    const running = server(ending);
    const ended = once(running, 'exit');
    const pids = await wholeFamily();
    running.stdin?.write('now\n');
    await ended;
    expect(await allGone(pids, 3000)).toBe(true);
  });

  it('by kill -9 in the very moment of starting children [SP-9]', async () => {
    const file = join(folder, 'server.mjs');
    writeFileSync(
      file,
      `import { createProcesses } from ${JSON.stringify(door)};
       const log = { debug() {}, info() {}, warn() {}, error() {} };
       const processes = createProcesses({ inherit: ${JSON.stringify(inherit)}, log });
       const spec = { command: 'sleep', args: ['4711.${process.pid}'], env: {}, label: 'sleep' };
       await processes.spawn(spec);
       for (let i = 0; i < 20; i++) void processes.spawn(spec);
       setImmediate(() => setImmediate(() => process.kill(process.pid, 'SIGKILL')));`,
    );
    await once(spawnRaw(process.execPath, [file], { stdio: 'inherit' }), 'exit');
    expect(await until(() => sleepers(`4711.${process.pid}`).length === 0, 3000)).toBe(true);
  });
});

function sleepers(argument: string): number[] {
  return commandLines().flatMap(({ pid, line }) => (line.includes(`sleep\0${argument}`) ? [pid] : []));
}

function commandLines(): { pid: number; line: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [{ pid: Number(name), line: readFileSync(`/proc/${name}/cmdline`, 'utf8') }] : [];
    } catch {
      return [];
    }
  });
}

describe.runIf(onLinux)('the warden', () => {
  function wardens(): number[] {
    return commandLines().flatMap(({ pid, line }) => {
      const mine = line.includes('warden-program.mjs') && parentOf(pid) === process.pid;
      return mine ? [pid] : [];
    });
  }
  const parentOf = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);

  it('is started with the first child only, and ends with stop', async () => {
    expect(wardens()).toEqual([]);
    await processes.spawn(spec('setInterval(() => {}, 1000)'));
    await processes.spawn(spec('setInterval(() => {}, 1000)'));
    expect(wardens()).toHaveLength(1);
    await processes.stop();
    expect(wardens()).toEqual([]);
  });

  it('is started again when it is killed, and told everything anew [SP-9]', async () => {
    const child = await processes.spawn(spec(family()));
    const pids = await wholeFamily();
    const [first] = wardens();
    process.kill(first ?? 0, 'SIGKILL');
    const killed = child.kill(100);
    await killed;
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await until(() => wardens().length === 1 && wardens()[0] !== first, 3000)).toBe(true);
    expect((await (await processes.spawn(spec(''))).exited).code).toBe(0);
  });

  it('is not ended by the signals of a terminal', async () => {
    await processes.spawn(spec('setInterval(() => {}, 1000)'));
    const [pid] = wardens();
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.kill(pid ?? 0, signal);
    await sleep(200);
    expect(wardens()).toEqual([pid]);
  });
});
