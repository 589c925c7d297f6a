import type { Offer, Wanted } from '../../../capabilities/registry/index.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf, wideOption } from '../../command.ts';
import { registryOf, registryOption, versionOf } from '../../registry.ts';
import { plain, type Screen, screenOf } from '../../terminal.ts';

/** What one server is, and what it asks for. */
export const catalogShow: CommandSpec = {
  path: ['catalog', 'show'],
  summary: 'show a server of a registry, and what it asks for',
  about: 'What is required has an asterisk.',
  args: [{ name: '<name>', help: 'its name, such as io.github.user/weather, or what follows the slash' }],
  options: [registryOption, { flags: '--version <version>', help: 'another than the newest' }, wideOption, jsonOption],
  examples: [
    { line: 'fairlead catalog show io.github.user/weather', does: 'packages, remotes, environment, secrets' },
    { line: 'fairlead catalog show weather --registry ./server.json --version 1.0.2', does: 'of a document' },
  ],
  async run(context, { args, options }) {
    const screen = screenOf(context, options);
    const { registry } = await registryOf(context, options);
    const versions = await registry.versions(String(args.name));
    const server = versionOf(versions, textOf(options.version));
    const { offersOf, cautionsFor, toolsetFor, wantedBy } = await import('../../../capabilities/registry/index.ts');
    const offers = offersOf(server).map((offer) => ({ ...offer, asks: wantedBy(offer), cautions: cautionsFor(offer) }));
    if (options.json) {
      const { packages: _, remotes: __, ...about } = server;
      const ways = offers.map(({ value: ___, ...way }) => way);
      screen.json({ ...about, versions: versions.map(({ version, status }) => ({ version, status })), ways });
      return exitCodes.ok;
    }
    const { name, title, description, status, statusMessage, newerSchema, repository } = server;
    screen.line(screen.styled('bold', name));
    screen.line(`\n${plain(description)}\n`);
    screen.facts([
      ['title', title],
      ['version', server.version],
      ['status', statusMessage ? `${status}: ${statusMessage}` : status],
      ['published', server.publishedAt],
      ['repository', repository && [repository.url, repository.subfolder].filter(Boolean).join(' ')],
      ['website', server.websiteUrl],
      ['versions', versions.length > 1 ? versionsText(versions) : undefined],
      ['format', newerSchema && `of ${newerSchema}, newer than what is known here; read as far as it is`],
    ]);
    for (const offer of offers) showOffer(screen, offer);
    if (offers.length === 0) screen.line('\nIt names no package and no remote.');
    const usable = offers.filter(({ reason }) => reason === undefined);
    if (usable.length > 0 && status !== 'deleted') {
      const [first] = usable;
      const way = usable.length > 1 && first ? ` --${first.kind} ${first.number}` : '';
      const as = toolsetFor(name) === undefined ? ' --as TOOLSET' : '';
      const from = textOf(options.registry);
      screen.line(`\nnpx fairlead catalog add ${name}${as}${way}${from ? ` --registry ${from}` : ''} --dry-run`);
    }
    return exitCodes.ok;
  },
};

function versionsText(versions: readonly { version: string; status: string }[]): string {
  const shown = versions
    .slice(0, 10)
    .map(({ version, status }) => (status === 'active' ? version : `${version} (${status})`));
  return shown.join(', ') + (versions.length > 10 ? `, and ${versions.length - 10} more` : '');
}

function showOffer(screen: Screen, offer: Offer & { asks: readonly Wanted[]; cautions: readonly string[] }): void {
  const { kind, number, label, reason, value, asks, cautions } = offer;
  screen.line(`\n${screen.styled('bold', `${kind} ${number}`)}  ${plain(label)}`);
  if (reason !== undefined) screen.line(`  not to be used: ${plain(reason)}`);
  if (kind === 'package' && value) {
    const { transport, fileSha256 } = value;
    screen.line(`  transport: ${transport.type}${transport.url ? ` at ${plain(transport.url)}` : ''}`);
    if (fileSha256) screen.line(`  SHA-256 of its file: ${fileSha256}`);
  }
  for (const caution of cautions) screen.line(`  take care: ${plain(caution)}`);
  if (asks.length > 0) screen.table(['ASKS FOR', 'IN', 'KIND', 'DESCRIPTION'], asks.map(rowOf));
}

function rowOf(one: Wanted): string[] {
  const kinds = [one.isSecret ? 'secret' : '', one.format ?? '', one.isRepeated ? 'repeated' : ''].filter(Boolean);
  const about = [
    one.description ?? '',
    one.choices.length > 0 ? `one of ${one.choices.join(', ')}` : '',
    one.default === undefined ? '' : `default ${one.default}`,
    one.placeholder ? `such as ${one.placeholder}` : '',
  ].filter(Boolean);
  return [`${plain(one.name)}${one.isRequired ? '*' : ''}`, one.where, kinds.join(' ') || '-', about.join('; ')];
}
