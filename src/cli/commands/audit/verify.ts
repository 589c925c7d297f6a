import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { type Anchor, type AnchorFile, openAnchors } from '../../anchors.ts';
import { type ApiClient, openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed } from '../../errors.ts';
import { listIn } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** Whether the audit is whole. */
export const auditVerify: CommandSpec = {
  path: ['audit', 'verify'],
  summary: 'check that no record is missing or was changed',
  about:
    'Walks the chain of hashes over all records of an organisation. Exit code 1 when something is wrong with it.\n\n' +
    'Whoever can write to the database can delete a whole chain together with its head, or put both back to an older\n' +
    'state: then nothing in the database tells. With --anchor the chain must still hold the record that it ended with\n' +
    'last time, as FILE has it; after a check that held, its end is added to FILE. Keep FILE on another machine, one for\n' +
    'each server.',
  options: [
    {
      flags: '--anchor <file>',
      help: 'file of the ends that the chain had before; made when missing, never shortened',
    },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead audit verify', does: "your key's organisation" },
    { line: 'fairlead audit verify --anchor anchors.jsonl', does: 'against its end of last time' },
    { line: 'fairlead audit verify --org acme --json', does: 'another one, for programs' },
  ],
  remote: true,
  async run(context, { options }) {
    const screen = screenOf(context);
    const wanted = textOf(options.org);
    const file = textOf(options.anchor);
    const anchors = file === undefined ? undefined : await openAnchors(file, context.cwd);
    const client = await openClient(context, options);
    const org = wanted ?? (anchors && (await ownOrg(client)));
    const anchor = org === undefined ? undefined : anchors?.newest(org);
    const found = await client.get('/audit/verify', {
      org: wanted,
      ...(anchor ? { anchor: `${anchor.seq}:${anchor.hash}` } : {}),
    });
    if (found.ok && anchor && !reaches(found, anchor)) {
      throw new CommandFailed(exitCodes.failed, 'The server did not compare the anchor.', 'Is it an older version?');
    }
    const head = isObject(found.head) ? found.head : undefined;
    if (found.ok && anchors && org !== undefined && head) {
      await anchors.add({ org, seq: Number(head.seq), hash: String(head.hash) });
    }
    if (options.json) screen.json(found);
    else if (found.ok) {
      screen.line(`${found.checked} records from ${found.from} to ${found.to}: none is missing, none was changed.`);
      if (isObject(found.dropped)) screen.line(missing(found.dropped));
      if (anchors) screen.line(compared(found, anchors, anchor));
    } else {
      screen.line(`The audit of ${found.org} is not whole (${found.checked} records looked at):`);
      for (const { seq, kind, detail } of listIn(found, 'faults'))
        screen.line(`  record ${seq}: ${kind}: ${plain(String(detail))}`);
      if (anchors) screen.line(`Nothing was added to ${anchors.path}.`);
    }
    return found.ok ? exitCodes.ok : exitCodes.failed;
  },
};

async function ownOrg(client: ApiClient): Promise<string> {
  return String((await client.get('/me')).org);
}

function missing({ records, gaps }: JsonObject): string {
  return (
    `Calls that left no record: ${records}, in gaps that it tells of (acts audit.drop): ${gaps}. The queue was full, ` +
    'and audit.whenFull was drop.'
  );
}

function reaches({ anchor, head }: JsonObject, { seq }: Anchor): boolean {
  return isObject(anchor) && anchor.seq === seq && isObject(head) && Number(head.seq) >= seq;
}

function compared({ anchor, head }: JsonObject, { path, isNew }: AnchorFile, given: Anchor | undefined): string {
  const added = isObject(head) ? `Its end, record ${head.seq}, is in ${path} now.` : 'It has no end to be kept yet.';
  if (!given) {
    const why = isNew ? `${path} was not there` : `${path} had none of this organisation`;
    return `Nothing could be compared: ${why}. ${added}`;
  }
  const held =
    isObject(anchor) && anchor.compared === 'hash'
      ? `Record ${given.seq} is the one of ${path}.`
      : `Record ${given.seq} of ${path} went with the retention: only its number could be compared.`;
  return `${held} ${added}`;
}
