import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { listIn } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** Whether the audit is whole. */
export const auditVerify: CommandSpec = {
  path: ['audit', 'verify'],
  summary: 'check that no record is missing or was changed',
  about: 'Walks the chain of hashes over all records of an organisation. Exit code 1 when something is wrong with it.',
  options: [orgOption, jsonOption],
  examples: [
    { line: 'fairlead audit verify', does: "your key's organisation" },
    { line: 'fairlead audit verify --org acme --json', does: 'another one, for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const client = await openClient(context, options);
    const found = await client.get('/audit/verify', { org: textOf(options.org) });
    if (options.json) screen.json(found);
    else if (found.ok) {
      screen.line(`${found.checked} records from ${found.from} to ${found.to}: none is missing, none was changed.`);
    } else {
      screen.line(`The audit of ${found.org} is not whole (${found.checked} records looked at):`);
      for (const { seq, kind, detail } of listIn(found, 'faults')) screen.line(`  record ${seq}: ${kind}: ${detail}`);
    }
    return found.ok ? exitCodes.ok : exitCodes.failed;
  },
};
