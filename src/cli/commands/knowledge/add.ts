import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { textsOf } from '../../reading.ts';
import { screenOf } from '../../terminal.ts';

/** A collection for documents that are sent in. */
export const knowledgeAdd: CommandSpec = {
  path: ['knowledge', 'add'],
  summary: 'add a collection of documents, or change who may read and write it',
  about:
    'Documents are put into it with `fairlead knowledge upload`. A collection that is filled from folders, repositories or\n' +
    'sites is declared in fairlead.yaml. Who: everyone, role:<role>, principal:<id>, team:<name>, group:<name>.',
  args: [{ name: '<name>', help: 'lower case letters, digits and dashes' }],
  options: [
    { flags: '--description <text>', help: 'what is in it; agents choose by this' },
    { flags: '--reader <who...>', help: 'who may find and read what is in it; everyone by default' },
    { flags: '--writer <who...>', help: 'who may add documents; role:operator by default' },
    { flags: '--encrypted', help: 'keep its texts encrypted; cannot be changed once there are documents' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead knowledge add handbook --description "How we work"', does: 'for everybody to read' },
    {
      line: 'fairlead knowledge add incidents --reader role:operator --writer role:developer',
      does: 'read by operators and admins, written by developers too',
    },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const name = String(args.name);
    const description = textOf(options.description);
    const settings = {
      ...(description === undefined ? {} : { description }),
      ...(options.encrypted ? { encrypted: true } : {}),
      ...(options.reader === undefined ? {} : { readers: textsOf(options.reader) }),
      ...(options.writer === undefined ? {} : { writers: textsOf(options.writer) }),
    };
    const client = await openClient(context, options);
    const path = `/knowledge/collections/${encodeURIComponent(name)}`;
    const collection = await client.put(path, { settings }, { org: textOf(options.org) });
    if (options.json) screen.json(collection);
    else {
      screen.line(`The collection ${name} is there, with ${collection.documents} documents.`);
      screen.line(`To put documents into it: npx fairlead knowledge upload ${name} <file...>`);
    }
    return exitCodes.ok;
  },
};
