import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
/** As in a fresh terminal: the machine's own Node first, whatever its version, and nothing of the npm that runs us. */
const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
const terminal = { PATH: path.join(delimiter), HOME: process.env.HOME, TMPDIR: process.env.TMPDIR };
/** The same with Node 24 in front. */
const modern = { ...terminal, PATH: [dirname(process.execPath), ...path].join(delimiter) };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-clone-'));
  cpSync(join(root, 'scripts'), join(folder, 'scripts'), {
    recursive: true,
    filter: (file) => !file.includes('.test.'),
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, content: string | object): void {
  writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function ended(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text) => {
      seen[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, ...seen };
}

const installs = (text: string) => text.split('installed in').length - 1;

describe('a fresh clone', () => {
  it('starts on Node 24 by npm start alone, also twice at once, and by the command fairlead [SP-1]', async () => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(join(root, file), join(folder, file));
    mkdirSync(join(folder, 'src'));
    write(
      'src/main.ts',
      'const end = (code: number) => () => process.exit(code);\n' +
        'process.on(`SIGTERM`, end(4)).on(`SIGINT`, end(5));\n' +
        'console.log(`runs on`, process.version, `with`, JSON.stringify(process.argv.slice(2)));\n' +
        'if (process.argv[2] === `wait`) setTimeout(end(1), 30_000);\n' +
        'else process.exitCode = 3;\n',
    );
    // Then npm leaves out prestart and the like.
    const careful = { ...terminal, npm_config_ignore_scripts: 'true' };
    const starts = await Promise.all([ended('npm', ['start'], careful), ended('npm', ['start'], careful)]);
    for (const start of starts) {
      expect(start, start.stderr).toMatchObject({ code: 3 });
      expect(start.stdout).toMatch(/runs on v24\.\d+\.\d+ with \["serve"\]/);
    }
    expect(installs(starts.map((start) => start.stderr).join(''))).toBe(1);

    const again = await ended('npm', ['start'], terminal);
    expect(again.stdout).toContain('runs on v24');
    expect(again.stderr).not.toContain('Fairlead:');

    const byNpx = await ended('npx', ['fairlead', 'call', '--json'], terminal);
    expect(byNpx).toMatchObject({ code: 3, stdout: expect.stringContaining('with ["call","--json"]') });
    const byPath = await ended('node', ['scripts/fairlead.mjs', 'stdio'], terminal);
    expect(byPath).toMatchObject({ code: 3, stdout: expect.stringMatching(/runs on v24.* with \["stdio"\]/) });

    for (const [signal, code] of [['SIGTERM', 4] as const, ['SIGINT', 5] as const]) {
      for (const launcher of [['scripts/run.mjs', 'src/main.ts'], ['scripts/fairlead.mjs']]) {
        const child = spawn('node', [...launcher, 'wait'], { cwd: folder, env: terminal });
        await once(child.stdout, 'data');
        child.kill(signal);
        expect(await once(child, 'exit'), launcher[0]).toEqual([code, null]);
      }
    }
  }, 600_000);
});

describe('bootstrap', () => {
  beforeEach(async () => {
    await dependency('1.0.0');
  });

  /** A project with one dependency, which needs no registry. */
  async function dependency(version: string): Promise<void> {
    const made = mkdtempSync(join(folder, 'dep-'));
    writeFileSync(join(made, 'package.json'), JSON.stringify({ name: 'dep', version }));
    await run('npm', ['pack', '--pack-destination', folder], { cwd: made, env: modern });
    write('package.json', { name: 'fairlead', type: 'module', dependencies: { dep: `file:dep-${version}.tgz` } });
    await run('npm', ['install', '--package-lock-only'], { cwd: folder, env: modern });
  }

  const bootstrap = (...args: string[]) => ended('node', ['scripts/bootstrap.mjs', ...args], modern);
  const installed = () => JSON.parse(readFileSync(join(folder, 'node_modules/dep/package.json'), 'utf8')).version;

  it('installs what is missing, says so on stderr alone, and then does nothing [SP-1]', async () => {
    const first = await bootstrap();
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(installs(first.stderr)).toBe(1);
    expect(installed()).toBe('1.0.0');
    const before = statSync(join(folder, 'node_modules/dep')).ino;
    expect(await bootstrap('--dev')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(statSync(join(folder, 'node_modules/dep')).ino).toBe(before);
  });

  it('comes before what npm runs, also where npm leaves out scripts before others [SP-1]', async () => {
    const project = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    write('package.json', { ...project, scripts: { test: 'node scripts/run.mjs --dev test.ts' } });
    write(
      'test.ts',
      "import 'dep/package.json' with { type: 'json' };\nprocess.exitCode = Number(process.argv[2]) as number;\n",
    );
    const careful = { ...modern, npm_config_ignore_scripts: 'true' };
    const first = await ended('npm', ['test', '--', '6'], careful);
    expect(first, first.stderr).toMatchObject({ code: 6 });
    expect(installs(first.stderr)).toBe(1);
    expect((await ended('npm', ['test', '--', '0'], careful)).code).toBe(0);
    write('package.json', {
      ...project,
      dependencies: { dep: 'file:no-such-file.tgz' },
      scripts: { test: 'node scripts/run.mjs test.ts' },
    });
    write('package-lock.json', {});
    expect(await ended('npm', ['test', '--', '0'], careful)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm ci failed'),
    });
  });

  it('installs anew when the lock file has changed [SP-1]', async () => {
    await bootstrap();
    await dependency('2.0.0');
    expect(installs((await bootstrap()).stderr)).toBe(1);
    expect(installed()).toBe('2.0.0');
  });

  it('leaves alone what somebody has installed by npm itself', async () => {
    await run('npm', ['ci'], { cwd: folder, env: modern });
    expect(await bootstrap()).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('takes over from one that died while installing', async () => {
    const first = spawn('node', ['scripts/bootstrap.mjs'], {
      cwd: folder,
      env: modern,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(first.stderr, 'data');
    first.kill('SIGKILL');
    await once(first, 'exit');
    const second = bootstrap();
    await sleep(500);
    // What a dead one leaves is ten seconds old at last; not waited for here.
    const lock = lockFolder();
    if (lock) utimesSync(lock, new Date(0), new Date(0));
    expect(await second).toMatchObject({ code: 0 });
    expect(installed()).toBe('1.0.0');
    expect(lockFolder()).toBeUndefined();
  });

  function lockFolder(): string | undefined {
    const digest = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 16);
    const lock = join(realpathSync(tmpdir()), `fairlead-install-${process.getuid?.()}-${digest}`);
    return existsSync(lock) ? lock : undefined;
  }

  it('says what npm said when npm fails', async () => {
    write('package.json', { name: 'fairlead', dependencies: { dep: 'file:no-such-file.tgz' } });
    const failed = await bootstrap();
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toContain('npm ci failed');
    expect(failed.stderr).toContain('no-such-file.tgz');
    expect(failed.stderr).not.toContain('at bootstrap');
  });
});

describe('package.json', () => {
  const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

  it('bootstraps in every script that needs Node 24 or a package, whatever npm leaves out [SP-1]', () => {
    expect(scripts.start).toBe('node scripts/run.mjs src/main.ts serve');
    const { start, lockfile, ...others } = scripts;
    for (const [name, script] of Object.entries(others))
      expect(script, name).toMatch(/^node scripts\/(run|bootstrap)\.mjs --dev /);
  });

  it('has a lock file that names the packages of every platform, so that npm ci takes it anywhere [SP-1]', async () => {
    await run(process.execPath, ['scripts/lockfile.mjs', '--check'], { cwd: root });
  });
});
