import { checkReferences } from '../../../config/index.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import { findServer } from '../../address.ts';
import { openClient } from '../../client.ts';
import {
  type CliContext,
  type CommandInput,
  type CommandSpec,
  exitCodes,
  jsonOption,
  orgOption,
  textOf,
  wideOption,
} from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { offlineFlags, offlineOptions } from '../../offline.ts';
import { listIn } from '../../reading.ts';
import { moment, screenOf } from '../../terminal.ts';

/** Whether what stands behind references can be had. */
export const secretsCheck: CommandSpec = {
  path: ['secrets', 'check'],
  summary: 'tell which references to secrets resolve',
  about:
    'Looks up every reference of the file (of kind env, file, data and vault) as `serve` would here and now, and asks a\n' +
    'running server how those of upstreams are that were added at run time. Never shows a value. A lease that the vault\n' +
    'gives for this is ended again. Exit code 1 when one does not resolve.',
  options: [...offlineOptions, orgOption, wideOption, jsonOption],
  examples: [
    { line: 'fairlead secrets check', does: 'each reference, where it stands, and what is wrong with it' },
    { line: 'fairlead secrets check --config team.yaml --json', does: 'another file, for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context, options);
    const { env, cwd } = context;
    const inFile: JsonObject[] = (await checkReferences({ env, cwd, flags: offlineFlags(options) })).map((one) => ({
      ...one,
      source: 'file',
    }));
    const atRunTime = await runtimeReferences(context, options);
    const references = [...inFile, ...(atRunTime.references ?? [])];
    const missing = references.filter(({ state }) => state === 'missing');
    const ok = missing.length === 0;
    if (options.json) {
      const unseen = atRunTime.unseen === undefined ? {} : { runtimeUnseen: atRunTime.unseen };
      screen.json({ ok, references, ...unseen });
      return ok ? exitCodes.ok : exitCodes.failed;
    }
    if (references.length === 0) screen.line('There are no references.');
    else
      screen.table(
        ['STATE', 'WHERE', 'REFERENCE', 'VERSION', 'LEASE', 'WHY'],
        references.map((one) => [
          String(one.state),
          one.source === 'runtime' ? `${one.place} (run time)` : String(one.place),
          `${one.kind}:${one.name}`,
          one.version === undefined ? '-' : String(one.version),
          one.leaseUntil === undefined ? '-' : `until ${moment(one.leaseUntil)}`,
          one.reason === undefined ? '' : String(one.reason),
        ]),
        ['VERSION', 'LEASE'],
      );
    if (atRunTime.unseen !== undefined)
      screen.note(`Upstreams added at run time were not looked at: ${atRunTime.unseen}`);
    if (!ok) screen.line(`\n${missing.length} of ${references.length} do not resolve.`);
    return ok ? exitCodes.ok : exitCodes.failed;
  },
};

/** Those of the server of this data folder, or of the one that was named; or why they were not looked at. */
async function runtimeReferences(
  context: CliContext,
  options: CommandInput['options'],
): Promise<{ references?: JsonObject[]; unseen?: string }> {
  try {
    const { isElsewhere } = await findServer(context, options);
    if (isElsewhere) return { unseen: 'no server runs on this data folder' };
    const client = await openClient(context, options);
    const body = await client.get('/secrets', { org: textOf(options.org) });
    return { references: listIn(body, 'references').filter(({ source }) => source === 'runtime') };
  } catch (error) {
    if (error instanceof CommandFailed) return { unseen: error.message };
    throw error;
  }
}
