// package-lock.json must name the optional packages of every platform, or `npm ci` calls it out of sync. npm leaves out
// those that its registry does not have at that moment (a mirror that lags behind), so this adds them by their names.
//
//   node scripts/lockfile.mjs            adds what is missing; run it after every change of dependencies
//   node scripts/lockfile.mjs --check    says what is missing and fails
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const before = Object.keys(lock.packages).length;
const unknown = [];

for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue;
    const platform = /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x)/.exec(
      name,
    );
    if (!platform || !/^\d+\.\d+\.\d+/.test(version)) unknown.push(`${name}@${version}`);
    else lock.packages[`node_modules/${name}`] = platformEntry(name, version, platform, entry);
  }
}

// npm counts what a package can optionally be used with as needed by it once it is there for another reason: beside a
// library that can be used with vitest, a start without the tools of development would install vitest. So such a tie is
// taken out of what is locked.
const needed = new Set();
const visit = (path) => {
  if (path === undefined || needed.has(path)) return;
  needed.add(path);
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = lock.packages[path];
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers])
    visit(lockedPath(path, name));
};
visit('');
let untied = 0;
for (const path of needed) {
  const { peerDependencies = {}, peerDependenciesMeta = {} } = lock.packages[path];
  for (const name of Object.keys(peerDependencies)) {
    const peer = peerDependenciesMeta[name]?.optional ? lockedPath(path, name) : undefined;
    if (peer === undefined || needed.has(peer)) continue;
    delete peerDependencies[name];
    delete peerDependenciesMeta[name];
    untied++;
  }
}
for (const [path, entry] of Object.entries(lock.packages)) {
  if (needed.has(path) || entry.dev) continue;
  delete entry.devOptional;
  lock.packages[path] = withDev(entry);
}

const added = Object.keys(lock.packages).length - before;
if (process.argv.includes('--check') && added + untied > 0)
  unknown.unshift(`${added + untied} changes: run npm run lockfile`);
else if (added + untied > 0) {
  if (added > 0) lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(
    `added ${added} packages of other platforms to package-lock.json, took out ${untied} ties to tools of development`,
  );
}
if (unknown.length > 0) {
  console.error(`package-lock.json lacks ${unknown.join(', ')}`);
  process.exitCode = 1;
}

function isLocked(from, name) {
  return lockedPath(from, name) !== undefined;
}

/** As Node looks a package up: beside the one that asks, then further out. */
function lockedPath(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = `${at ? `${at}/` : ''}node_modules/${name}`;
    if (lock.packages[path]) return path;
    if (at === '') return undefined;
  }
}

/** `dev` where npm writes it, so that the next change of it is no difference. */
function withDev({ version, resolved, integrity, cpu, ...rest }) {
  const head = Object.entries({ version, resolved, integrity, cpu }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(head), dev: true, ...rest };
}

function platformEntry(name, version, [, os, cpu], parent) {
  const libc = os === 'linux' && /-(gnu|musl)/.exec(name);
  return {
    version,
    cpu: [cpu],
    ...(parent.dev ? { dev: true } : {}),
    ...(libc ? { libc: [libc[1] === 'musl' ? 'musl' : 'glibc'] } : {}),
    optional: true,
    os: [os],
  };
}
