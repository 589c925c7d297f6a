import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { packageRoot } from '../../src/config/index.ts';

/** One command of a console block, and what it is said to print. */
export interface Step {
  command: string;
  expected: string[];
}

/** In a block, a line that begins with `$ ` is a command, and what follows is its output. */
export function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
    else steps.at(-1)?.expected.push(line);
  }
  return steps;
}

/**
 * The output as a page may show it: equal to `expected` where it fits, so that a comparison of both shows the
 * difference. `…` is anything within a line; on a line of its own it is any lines.
 */
export function shownAs(actual: string, expected: readonly string[]): string {
  const lines = expected.map((line) =>
    line.trim() === '…' ? '(?:[^\\n]*\\n)*' : `${line.split('…').map(quoted).join('[^\\n]*')}\\n`,
  );
  const text = actual.trimEnd();
  const fits = new RegExp(`^${lines.join('')}$`).test(text === '' ? '' : `${text}\n`);
  return fits ? expected.join('\n') : text;
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A shell in the folder of the checkout, whose variables stay from one command to the next. */
export interface Console {
  /** Both outputs together. */
  run(command: string): Promise<string>;
  close(): void;
}

export function openConsole(env: Record<string, string>): Console {
  const shell: ChildProcessWithoutNullStreams = spawn('bash', ['--noprofile', '--norc'], {
    cwd: packageRoot,
    // Commands are measured where they are tested; here they start as fast as they do for a person.
    env: { ...env, NODE_V8_COVERAGE: '' },
  });
  shell.stdout.setEncoding('utf8');
  let heard = '';
  let ended = false;
  let look: () => void = () => {};
  shell.stdout.on('data', (chunk: string) => {
    heard += chunk;
    look();
  });
  shell.once('exit', () => {
    ended = true;
    look();
  });
  return {
    run: (command) =>
      new Promise((resolve, reject) => {
        const end = `end of output ${Math.random()}`;
        heard = '';
        look = () => {
          const at = heard.indexOf(`${end}\n`);
          if (at >= 0) resolve(heard.slice(0, at));
          else if (ended) reject(new Error(`the shell ended in: ${command}`));
        };
        shell.stdin.write(`{ ${command}\n} </dev/null 2>&1\necho '${end}'\n`);
      }),
    close: () => void shell.kill(),
  };
}
