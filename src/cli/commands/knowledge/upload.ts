import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { counted, textsIn, textsOf } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** Puts files into a collection. */
export const knowledgeUpload: CommandSpec = {
  path: ['knowledge', 'upload'],
  summary: 'put files into a collection; each can be found as soon as it is told',
  about: 'A file of a name that is there already takes its place. A file that cannot be read costs only itself.',
  args: [
    { name: '<collection>', help: 'name of the collection' },
    { name: '<file...>', help: 'Markdown, HTML, text, PDF, DOCX, CSV, JSON, YAML or source code, at most 50 MB each' },
  ],
  options: [jsonOption],
  examples: [
    { line: 'fairlead knowledge upload handbook docs/rollback.md', does: 'one document' },
    { line: 'fairlead knowledge upload handbook *.pdf', does: 'several' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const collection = String(args.collection);
    const client = await openClient(context, options);
    const results: Record<string, unknown>[] = [];
    let failed = 0;
    for (const file of textsOf(args.file)) {
      const form = new FormData();
      form.set('collection', collection);
      form.set('file', new Blob([await bytesOf(resolve(context.cwd, file), file)]), basename(file));
      try {
        const kept = await client.send('/knowledge/documents', form);
        results.push({ file, ...kept });
        const warnings = textsIn(kept, 'warnings');
        if (!options.json)
          screen.line(`${file}: ${kept.title}, ${counted(kept.passages, 'passage')}${warnings && ` (${warnings})`}`);
      } catch (error) {
        if (!(error instanceof CommandFailed) || error.exitCode !== exitCodes.failed) throw error;
        failed += 1;
        results.push({ file, error: error.message });
        if (!options.json) screen.note(`${file}: ${error.message} ${error.action}`);
      }
    }
    if (options.json) screen.json({ documents: results });
    return failed > 0 ? exitCodes.failed : exitCodes.ok;
  },
};

async function bytesOf(path: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new CommandFailed(
      exitCodes.usage,
      `The file "${name}" cannot be read (${code}).`,
      'Check its path and its rights.',
    );
  }
}
