import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { NotToBeHad, run, which } from './service.ts';

const policyFile = '/usr/sbin/policy-rc.d';
let updated = false;

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The path of a program, installed from its Debian package when it is not there and may be installed. */
export async function programOf(program: string, debianPackage: string): Promise<string> {
  const found = which(program);
  if (found !== undefined) return found;
  if (which('apt-get') === undefined)
    throw new NotToBeHad(`${program} is not installed, and this is not a Debian system`);
  if (!isRoot()) throw new NotToBeHad(`${program} is not installed, and only root may install ${debianPackage}`);
  console.log(`Installing ${debianPackage} with apt-get...`);
  await install(debianPackage);
  const installed = which(program);
  if (installed === undefined) throw new NotToBeHad(`${debianPackage} has no ${program}`);
  return installed;
}

async function install(debianPackage: string): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // We want the program, not a service that starts now and at each boot.
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    if (!updated) await run('apt-get', ['update', '-q'], { env, limitMs: 120_000 });
    updated = true;
    // Others may be installing too: wait for their lock.
    const options = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'];
    await run('apt-get', ['install', ...options, debianPackage], { env, limitMs: 300_000 });
  } catch (error) {
    throw new NotToBeHad(`${debianPackage} cannot be installed: ${(error as Error).message}`);
  } finally {
    if (ownPolicy) rmSync(policyFile, { force: true });
  }
}

/** The mirror that this machine gets Debian from, by its apt sources; other releases stand beside the configured one. */
export function debianMirror(): string {
  const files = globSync('/etc/apt/sources.list.d/*.{list,sources}');
  for (const file of ['/etc/apt/sources.list', ...files].filter((path) => existsSync(path))) {
    const text = readFileSync(file, 'utf8');
    const mirror = file.endsWith('.sources') ? mirrorOfStanzas(text) : mirrorOfLines(text);
    if (mirror !== undefined) return mirror;
  }
  throw new NotToBeHad('the apt sources of this machine name no Debian mirror');
}

const release = /^(bookworm|trixie|forky|sid|stable|testing)$/;

/** One-line style: `deb [options] URI suite component...`. */
export function mirrorOfLines(text: string): string | undefined {
  for (const line of text.split('\n')) {
    const [, uri, suite, components] = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (uri !== undefined && release.test(suite ?? '') && /\bmain\b/.test(components ?? '')) return uri;
  }
  return undefined;
}

/** deb822 style: stanzas of `Key: value` lines. */
export function mirrorOfStanzas(text: string): string | undefined {
  for (const stanza of text.split(/\n\s*\n/)) {
    const value = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, 'mi').exec(stanza)?.[1]?.trim() ?? '';
    const words = (key: string) => value(key).split(/\s+/);
    if (!words('Types').includes('deb') || value('Enabled') === 'no') continue;
    if (words('Suites').some((suite) => release.test(suite)) && words('Components').includes('main')) {
      return words('URIs')[0];
    }
  }
  return undefined;
}
