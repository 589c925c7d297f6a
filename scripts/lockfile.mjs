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

const added = Object.keys(lock.packages).length - before;
if (process.argv.includes('--check') && added > 0) unknown.unshift(`${added} platform packages: run npm run lockfile`);
else if (added > 0) {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`added ${added} packages of other platforms to package-lock.json`);
}
if (unknown.length > 0) {
  console.error(`package-lock.json lacks ${unknown.join(', ')}`);
  process.exitCode = 1;
}

/** As Node looks a package up: beside the one that asks, then further out. */
function isLocked(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true;
    if (at === '') return false;
  }
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
