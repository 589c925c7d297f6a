import { buffer } from 'node:stream/consumers';
import { isObject, parseJson } from '../../../kernel/json.ts';
import { ImportFault } from './faults.ts';
import { importDocument } from './import.ts';
import type { ApiImport, ImportOptions } from './plan.ts';

// A program of its own, with memory of its own: what is on standard input is imported and written to standard output.
// The first line is the options as JSON, the rest the document.

export type Imported = { made: ApiImport } | { fault: string; detail?: string };

const input = await buffer(process.stdin);
const end = input.indexOf('\n');
process.stdout.write(JSON.stringify(run(input.subarray(0, end), input.subarray(end + 1))));

function run(options: Uint8Array, document: Uint8Array): Imported {
  try {
    const given = parseJson(new TextDecoder().decode(options));
    if (!isObject(given)) throw new Error('no options on the first line');
    return { made: importDocument(new TextDecoder().decode(document), given as unknown as ImportOptions) };
  } catch (error) {
    if (!(error instanceof ImportFault)) throw error;
    return { fault: error.message, ...(error.detail === undefined ? {} : { detail: error.detail }) };
  }
}
