// A program, not a module: the one small process that outlives us long enough to end whatever we started.
// Its standard input is the pipe that only the server holds. However the server dies, kill -9 included, that pipe
// ends, and everything that was started goes. Plain JavaScript, because stripping types costs 17 MB of memory.
//
//   node warden-program.mjs <tree>
//   in:  watch <pid> <mark>                 a process group to end with us
//        clear <id> <pid> <mark> <graceMs>  SIGTERM to group and descendants, SIGKILL after the grace, forget it
//   out: ready | done <id> <processes that could not be killed>
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const tree = process.argv[2] ?? '';
const hasProc = existsSync('/proc/self/stat');
const onWindows = process.platform === 'win32';
const killForMs = 3000;
const graceAfterDeathMs = 500;
/** @type {Map<number, string>} leader of a group → mark */
const watched = new Map();

// Signals to a whole terminal or service group reach us too; only the end of the pipe ends us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE']) {
  try {
    process.on(signal, () => {});
  } catch {} // not every platform has every signal
}
process.stdout.on('error', () => {});

/**
 * The living members of some groups: by group, by the mark in the environment that each process started with
 * (catches setsid, double forks and what was forked before we heard of it), and by descent from either.
 * `known` keeps pid → start time of those once found: who left the group and dropped the mark can be told by descent
 * only while its parent lives.
 */
function livingMembers(pids, mark, known) {
  return hasProc ? membersInProc(pids, mark, known) : pids.filter((pid) => signal(-pid, 0)).map((pid) => -pid);
}

function membersInProc(pids, mark, known) {
  const groups = new Set(pids);
  const wanted = `FAIRLEAD_PROCESS_TREE=${mark}`;
  const members = new Set();
  const others = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!(pid > 1) || pid === process.pid) continue;
    const stat = read(`/proc/${pid}/stat`)?.toString('latin1');
    if (stat === undefined) continue;
    // "pid (name) state ppid pgrp ... starttime ...": the name may itself hold spaces and brackets
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent, group] = fields;
    const startedAt = fields[19];
    if (state === 'Z' || state === 'X') continue;
    if (groups.has(Number(group)) || known.get(pid) === startedAt || read(`/proc/${pid}/environ`)?.includes(wanted)) {
      members.add(pid);
      known.set(pid, startedAt);
    } else others.push({ pid, parent: Number(parent), startedAt });
  }
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const { pid, parent, startedAt } of others) {
      if (!members.has(parent)) continue;
      members.add(pid);
      known.set(pid, startedAt);
    }
  }
  return [...members];
}

function read(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // gone meanwhile, or another user's
  }
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

function taskkill(pid) {
  return new Promise((resolve) => execFile('taskkill', ['/pid', String(pid), '/T', '/F'], () => resolve(undefined)));
}

/** SIGTERM, a grace, SIGKILL. Returns how many could not be killed. */
async function clear(pids, mark, graceMs) {
  if (onWindows) {
    await Promise.all(pids.map(taskkill));
    return 0;
  }
  const known = new Map();
  let left = livingMembers(pids, mark, known);
  if (graceMs > 0) for (const pid of left) signal(pid, 'SIGTERM');
  const killAt = Date.now() + graceMs;
  for (let waitMs = 20; left.length > 0 && Date.now() < killAt; waitMs = Math.min(waitMs * 2, 200)) {
    await sleep(Math.min(waitMs, Math.max(1, killAt - Date.now())));
    left = livingMembers(pids, mark, known);
  }
  // Looked for until clean twice: a process that was being forked while we looked is only seen the second time.
  let clean = 0;
  for (const giveUpAt = Date.now() + killForMs; clean < 2 && Date.now() < giveUpAt; ) {
    left = livingMembers(pids, mark, known);
    clean = left.length === 0 ? clean + 1 : 0;
    for (const pid of left) signal(pid, 'SIGKILL');
    if (clean < 2) await sleep(15);
  }
  return left.length;
}

async function obey(line) {
  const [verb, ...words] = line.split(' ');
  if (verb === 'watch') watched.set(Number(words[0]), words[1] ?? '');
  if (verb !== 'clear') return;
  const [id, pid, mark, graceMs] = words;
  // The NUL that ends an environment entry keeps `x.1` from matching `x.10`.
  const left = await clear([Number(pid)], `${mark}\0`, Number(graceMs));
  watched.delete(Number(pid));
  process.stdout.write(`done ${id} ${left}\n`);
}

async function endEverything() {
  await clear([...watched.keys()], `${tree}.`, graceAfterDeathMs);
  process.exit(0);
}

let unread = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  const lines = (unread + text).split('\n');
  unread = lines.pop() ?? '';
  for (const line of lines) void obey(line);
});
process.stdin.on('error', endEverything);
process.stdin.on('end', endEverything);
process.stdout.write('ready\n');
