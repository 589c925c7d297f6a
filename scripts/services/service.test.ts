import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort, run, startProgram, which } from './service.ts';

describe('a program', () => {
  it('is waited for until it answers, and is gone when stopped', async () => {
    const port = await freePort();
    const code = `setTimeout(() => require('net').createServer((s) => s.end()).listen(${port}, '127.0.0.1'), 300)`;
    const program = await startProgram({ command: process.execPath, args: ['-e', code], answers: () => answers(port) });
    expect(await answers(port)).toBe(true);
    await program.stop();
    expect(await answers(port)).toBe(false);
  });

  it('that ends instead of answering is reported with its last words', async () => {
    const args = ['-e', 'console.error("no luck today"); process.exit(1)'];
    const starting = startProgram({ command: process.execPath, args, answers: async () => false });
    await expect(starting).rejects.toThrow('no luck today');
  });
});

it('a command that fails says why, and one that hangs is ended', async () => {
  expect(await run(process.execPath, ['-e', 'console.log("yes")'])).toBe('yes\n');
  await expect(run(process.execPath, ['-e', 'console.error("because"); process.exit(1)'])).rejects.toThrow('because');
  const hanging = run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { limitMs: 500 });
  await expect(hanging).rejects.toThrow('not done after 500 ms');
});

it('programs are found on the path, or not', () => {
  expect(which('sh')).toMatch(/\/sh$/);
  expect(which('there-is-no-such-program')).toBeUndefined();
});

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}
