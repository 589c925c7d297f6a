import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { escapeJson, screenOf } from '../../terminal.ts';
import { filterOf, filterOptions } from './list.ts';

/** All records as JSON lines. */
export const auditExport: CommandSpec = {
  path: ['audit', 'export'],
  summary: 'write all records as JSON lines, oldest first',
  args: [{ name: '[file]', help: 'a new file to write to; standard output when absent' }],
  options: [...filterOptions],
  examples: [
    { line: 'fairlead audit export audit.jsonl', does: 'everything, to a file' },
    { line: 'fairlead audit export --since 7d | gzip > week.jsonl.gz', does: 'the last week' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const file = textOf(args.file);
    const query = filterOf(options, Date.now());
    const client = await openClient(context, options);
    const body = await client.stream('/audit/export', query);
    if (file === undefined) {
      const shown = context.stdout.isTTY ? body.pipeThrough(new TextDecoderStream()) : body;
      for await (const chunk of shown) context.stdout.write(typeof chunk === 'string' ? escapeJson(chunk) : chunk);
      return exitCodes.ok;
    }
    const path = resolve(context.cwd, file);
    try {
      await pipeline(Readable.fromWeb(body as never), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw wrongUsage(`${path} is there already.`, 'Give the name of a new file.');
    }
    screenOf(context).note(`Written to ${path}`);
    return exitCodes.ok;
  },
};
