#!/usr/bin/env node
// The command `fairlead`. Node 20 cannot read TypeScript, so this small file finds the Node that can: npx has it first
// on PATH and it is already running; after `npm link`, or by this file's path, the one in node_modules is started.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { BootstrapFailed, bootstrap, bundledNode, isInstalled } from './bootstrap.mjs';

const main = new URL('../src/main.ts', import.meta.url);

try {
  if (!isInstalled()) await bootstrap(); // a changed lock file waits for `npm start`: a server may be running from here
  if (Number.parseInt(process.versions.node, 10) >= 24) await import(main.href);
  else if (bundledNode && existsSync(bundledNode)) handOver(bundledNode);
  else throw new BootstrapFailed(`Fairlead needs Node 24 or later; this is ${process.version}. Run npm start once.`);
} catch (error) {
  if (!(error instanceof BootstrapFailed)) throw error;
  process.stderr.write(`Fairlead: ${error.message}\n`);
  process.exitCode = 1;
}

function handOver(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C goes to the whole terminal group already, and a second one would mean: now, without draining.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
