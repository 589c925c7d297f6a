import type { Listed, Offer } from '../../../capabilities/registry/index.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf, wideOption } from '../../command.ts';
import { countOf, textsOf } from '../../reading.ts';
import { registryOf, registryOption } from '../../registry.ts';
import { plain, screenOf } from '../../terminal.ts';

/** What servers a registry has. */
export const catalogSearch: CommandSpec = {
  path: ['catalog', 'search'],
  summary: 'search a registry of MCP servers',
  about:
    'The registry is asked from here, for the longest of the words; what does not have all of them in its name, title or\n' +
    'description is left out. Under "by": how it is to be had, in brackets what cannot be put behind Fairlead.',
  args: [{ name: '[words...]', help: 'that it must have; all servers without any' }],
  options: [registryOption, { flags: '--limit <n>', help: 'at most so many', default: '30' }, wideOption, jsonOption],
  examples: [
    { line: 'fairlead catalog search github issues', does: 'in the official registry, or that of fairlead.yaml' },
    { line: 'fairlead catalog search --registry ./servers.json', does: 'all that a document lists' },
  ],
  async run(context, { args, options }) {
    const screen = screenOf(context, options);
    const limit = countOf(textOf(options.limit), '--limit');
    const { registry, at } = await registryOf(context, options);
    const { servers, faults, more } = await registry.search(textsOf(args.words), limit);
    const { offersOf } = await import('../../../capabilities/registry/index.ts');
    if (options.json) {
      screen.json({ servers: servers.map((server) => summaryOf(server, offersOf(server))), more, faults });
      return exitCodes.ok;
    }
    const rows = servers.map((server) => [
      server.name,
      versionText(server),
      waysOf(offersOf(server)),
      server.description,
    ]);
    if (rows.length > 0) screen.table(['NAME', 'VERSION', 'BY', 'DESCRIPTION'], rows, ['BY', 'VERSION']);
    else screen.line('Nothing there has all of these words.');
    for (const fault of faults.slice(0, 10)) screen.note(`left out: ${plain(fault)}`);
    if (faults.length > 10) screen.note(`and ${faults.length - 10} more that cannot be read`);
    if (more) screen.note(`${at} has more: narrow it with further words, or raise --limit.`);
    return exitCodes.ok;
  },
};

function versionText({ version, status }: Listed): string {
  return status === 'active' ? version : `${version} (${status})`;
}

function waysOf(offers: readonly Offer[]): string {
  const ways = offers.map(({ label, reason }) => {
    const kind = label.split(' ')[0] ?? '?';
    return reason === undefined ? kind : `(${kind})`;
  });
  return [...new Set(ways)].join(', ') || '-';
}

function summaryOf({ name, title, description, version, status }: Listed, offers: readonly Offer[]) {
  const ways = offers.map(({ kind, number, label, reason }) => ({ kind, number, label, reason }));
  return { name, title, description, version, status, ways };
}
