import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { outOfMemory } from './protocol.ts';

// Ends the process that holds more than it may: memory of WebAssembly and of buffers is outside of V8's own limit.

const everyMs = 25;
const limitBytes = Number(workerData) * 1024 * 1024;

setInterval(() => {
  if (process.memoryUsage.rss() <= limitBytes) return;
  writeSync(2, outOfMemory); // a thread's own stderr would wait for the main one
  process.kill(process.pid, 'SIGKILL');
}, everyMs);
