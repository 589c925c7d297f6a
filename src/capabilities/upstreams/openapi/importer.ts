import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../../../kernel/json.ts';
import { createPlaces } from '../../../kernel/places.ts';
import { orAborted } from '../relay.ts';
import type { ChildProcess, ImporterPort, ProcessesPort } from '../types.ts';
import { ImportFault } from './faults.ts';
import type { Imported } from './import.worker.ts';
import type { ApiImport, ImportOptions } from './plan.ts';

/** Compiled, the program's file ends in `.js` like this one. */
const program = new URL(`./import.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

const usualLimits = { atOnce: 2, maxHeapMb: 1_024, maxMs: 60_000 };
const maxOutputLength = 128 * 1024 * 1024;

interface Deps extends Partial<typeof usualLimits> {
  processes: ProcessesPort;
}

/**
 * Imports documents in processes of their own: one may take seconds of a processor, or be made to take all the memory there
 * is. A thread would not do, since memory that runs out in `JSON.parse` ends the whole process.
 */
export function createImporter({ processes, ...limits }: Deps): ImporterPort {
  const { atOnce, maxHeapMb, maxMs } = { ...usualLimits, ...limits };
  const places = createPlaces(atOnce, 10_000);

  const importNow = async (bytes: Uint8Array, options: ImportOptions, signal: AbortSignal): Promise<ApiImport> => {
    const child = await processes.spawn({
      command: process.execPath,
      args: [`--max-old-space-size=${maxHeapMb}`, fileURLToPath(program)],
      env: {},
      label: 'openapi import',
    });
    const patience = AbortSignal.timeout(maxMs);
    try {
      child.stderr.resume(); // what it says when it fails is for nobody
      child.stdin.write(`${JSON.stringify(options)}\n`);
      child.stdin.end(bytes);
      const said = await orAborted(outputOf(child), AbortSignal.any([signal, patience]));
      if (said === 'out of memory') throw unusable(`reading it takes more than ${maxHeapMb} MiB of memory`);
      const imported = parseJson(said, { maxLength: maxOutputLength, maxDepth: 256 }) as Imported;
      if ('made' in imported) return imported.made;
      throw new ImportFault(imported.fault, imported.detail);
    } catch (error) {
      if (patience.aborted && !signal.aborted) throw unusable(`reading it takes longer than ${maxMs} ms`);
      throw error;
    } finally {
      void child.kill(0);
    }
  };

  return { run: (bytes, options, signal) => places.run(() => importNow(bytes, options, signal), signal) };
}

/** All that it writes to its end. */
async function outputOf(child: ChildProcess): Promise<string> {
  const [said, { code, signal }] = await Promise.all([textOf(child.stdout), child.exited]);
  if (code === 0) return said;
  if (signal === 'SIGABRT' || signal === 'SIGKILL' || code === 134) return 'out of memory'; // V8's end, or the kernel's
  throw unusable(`reading it was broken off (${signal ?? `code ${code}`})`);
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxOutputLength) throw unusable('what comes of it is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function unusable(detail: string): ImportFault {
  return new ImportFault('its OpenAPI document cannot be used', detail);
}
