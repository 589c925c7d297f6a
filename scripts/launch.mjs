// Runs a program of ours on a Node that reads TypeScript: in this process if it is one, else with the Node in
// node_modules, passing signals on to it and its end back.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BootstrapFailed, bundledNode, modules } from './bootstrap.mjs';

/**
 * Compiled code, by the digest of its source: a start takes a third less time. Beside the packages, where only those may
 * write who may change the packages; where nobody may write, nothing is kept.
 */
const compiled = join(modules, '.cache', 'fairlead', 'compiled');
/** What comes from there cannot be measured to the branch. */
const isMeasured = Boolean(process.env.NODE_V8_COVERAGE);

/** Throws `BootstrapFailed` when there is no such Node. */
export async function launch(file, args) {
  if (Number.parseInt(process.versions.node, 10) >= 24) {
    if (!isMeasured) module.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? compiled);
    process.argv.splice(1, process.argv.length, file, ...args);
    await import(pathToFileURL(file).href);
  } else if (bundledNode && existsSync(bundledNode)) {
    handOver(bundledNode, [file, ...args]);
  } else {
    throw new BootstrapFailed(`Fairlead needs Node 24 or later; this is ${process.version}. Run npm start once.`);
  }
}

/** Says on stderr why it does not start; other errors go their way. */
export async function orComplain(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BootstrapFailed)) throw error;
    process.stderr.write(`Fairlead: ${error.message}\n`);
    process.exitCode = 1;
  }
}

function handOver(node, args) {
  const env = isMeasured ? process.env : { NODE_COMPILE_CACHE: compiled, ...process.env };
  const child = spawn(node, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C goes to the whole terminal group already, and a second one would mean: now, without draining.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
