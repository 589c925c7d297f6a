import { Console } from 'node:console';
import { Worker } from 'node:worker_threads';
import { isObject, parseJson } from '../../../kernel/json.ts';
import { createDocumentReader, type DocumentReader } from './document.ts';
import { ReadFault } from './faults.ts';
import { frame, framesOf } from './frames.ts';
import { type Answer, chunksPerFrame, maxRequestBytes, type Ready, type Request, type SomeChunks } from './protocol.ts';

// A program of its own, which reads one document after another until its input ends. The first argument is how many MiB
// it may hold in all.

globalThis.console = new Console(process.stderr); // standard output is the protocol's, whatever a parser has to say

// A thread, since a parser that fills the memory lets nothing else of its own thread run.
const limitMiB = Number(process.argv[2]);
const watch = new URL(`./watch.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
new Worker(watch, { workerData: limitMiB, env: {} }).unref();

await serve();

async function serve(): Promise<void> {
  const reader = createDocumentReader();
  let request: Request | undefined;
  say({ ready: true });
  for await (const bytes of framesOf(process.stdin, maxRequestBytes)) {
    if (request === undefined) {
      request = requestIn(bytes);
      continue;
    }
    const answer = await answerTo(reader, request, bytes);
    request = undefined;
    const chunks = answer.read?.chunks.splice(0) ?? [];
    for (let at = 0; at < chunks.length; at += chunksPerFrame) say({ chunks: chunks.slice(at, at + chunksPerFrame) });
    say(answer);
  }
}

function say(part: Ready | SomeChunks | Answer): void {
  for (const bytes of frame(Buffer.from(JSON.stringify(part)))) process.stdout.write(bytes);
}

function requestIn(bytes: Buffer): Request {
  const given = parseJson(bytes.toString());
  if (!isObject(given) || typeof given.name !== 'string') throw new Error('no request before the document');
  return given as unknown as Request;
}

async function answerTo(reader: DocumentReader, request: Request, bytes: Uint8Array): Promise<Answer> {
  try {
    // A copy, since pdf.js takes the memory of what it is given.
    const read = await reader.read({ ...request, bytes: Uint8Array.from(bytes) });
    return { read, rss: process.memoryUsage.rss() };
  } catch (error) {
    const rss = process.memoryUsage.rss();
    if (error instanceof ReadFault) return { fault: { reason: error.reason, detail: error.message }, rss };
    return { broken: String(error instanceof Error ? (error.stack ?? error.message) : error), rss };
  }
}
