import { stringify } from 'yaml';
import type { Translated } from '../../../capabilities/registry/index.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { CommandFailed, wrongUsage } from '../../errors.ts';
import { chooseOffer, givenValues, registryOf, registryOption, valueOptions, versionOf } from '../../registry.ts';
import { plain, screenOf } from '../../terminal.ts';

/** A server of a registry becomes an upstream. */
export const catalogAdd: CommandSpec = {
  path: ['catalog', 'add'],
  summary: 'put a server of a registry behind this one',
  about:
    'It becomes an upstream that is added at run time, as by `upstreams add`: what it offers is in quarantine until\n' +
    'somebody has accepted it. A package runs as a program on the machine of the server, which must have its runner (npx,\n' +
    'uvx, docker, dnx), and only where fairlead.yaml says allowRuntimeStdio: true; --dry-run prints what to write there\n' +
    'instead. Secrets go into the environment or into headers, never onto a command line, and are not shown.',
  args: [{ name: '<name>', help: 'its name, such as io.github.user/weather, or what follows the slash' }],
  options: [
    registryOption,
    { flags: '--version <version>', help: 'another than the newest' },
    { flags: '--as <toolset>', help: 'its name here; by default made of its own' },
    { flags: '--package <n>', help: 'by its package of this number, see `catalog show`' },
    { flags: '--remote <n>', help: 'by its remote of this number' },
    ...valueOptions,
    { flags: '--trust', help: 'serve its definitions as they are first seen, without a review' },
    { flags: '--dry-run', help: 'add nothing; print what would stand in fairlead.yaml' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead catalog add io.github.user/weather --dry-run', does: 'what it would be' },
    {
      line: `fairlead catalog add io.github.user/weather --value UNITS=metric --value 'API_KEY=\${file:api-key}'`,
      does: 'with a setting, and a secret from a file here',
    },
    { line: 'fairlead catalog add com.example/crm --as crm --remote 1 --values-file secrets.json', does: 'a remote' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const dryRun = options.dryRun === true;
    const { registry } = await registryOf(context, options);
    const server = versionOf(await registry.versions(String(args.name)), textOf(options.version));
    const { offersOf, toolsetFor, translate, wantedBy } = await import('../../../capabilities/registry/index.ts');
    const offer = chooseOffer(offersOf(server), server, options);
    const name = textOf(options.as) ?? toolsetFor(server.name);
    if (name === undefined)
      throw wrongUsage(`No name for a toolset can be made of ${server.name}.`, 'Give one with --as.');
    const { given, onCommandLine } = await givenValues(context, options, { readFiles: !dryRun });
    const translated = translate(server, offer, given, { secretsLater: dryRun });
    const secrets = new Set(wantedBy(offer).flatMap((each) => (each.isSecret ? [each.name] : [])));
    for (const caution of translated.cautions) screen.note(`Take care: ${plain(caution)}.`);
    for (const each of onCommandLine.filter((each) => secrets.has(each)))
      screen.note(`Take care: ${each} is a secret, and a command line shows in process lists; use --values-file.`);

    const trust = options.trust === true ? 'first-use' : 'review';
    if (dryRun) {
      const declared = declaration(translated, trust);
      if (options.json) screen.json({ name, settings: declared, variables: translated.variables });
      else screen.line(yamlOf(name, declared).trimEnd());
      if (translated.variables.length > 0)
        screen.note(`To be set in the environment of the server: ${translated.variables.join(', ')}.`);
      return exitCodes.ok;
    }

    const client = await openClient(context, options);
    const settings = { ...translated.settings, ...(options.trust === true ? { trust } : {}) };
    const status = await client
      .post('/upstreams', { name, settings }, { org: textOf(options.org) })
      .catch((error: unknown) => {
        if (!(error instanceof CommandFailed) || error.body?.code !== 'RUNTIME_STDIO_OFF') throw error;
        const text = yamlOf(name, declaration(translated, trust));
        const body = error.body;
        throw new CommandFailed(error.exitCode, error.message, `${error.action}\nIn fairlead.yaml:\n\n${text}`, {
          body,
        });
      });
    if (options.json) screen.json(status);
    else {
      screen.line(`Added ${server.name} ${server.version} as the upstream ${name}; it is being connected.`);
      screen.line('How it is: npx fairlead upstreams list');
      if (trust === 'review')
        screen.line(`To look at what it offers, and accept it: npx fairlead tools review ${name}`);
    }
    return exitCodes.ok;
  },
};

/** As it stands in the file, where other defaults hold than at run time. */
function declaration({ shown }: Translated, trust: 'first-use' | 'review'): JsonObject {
  return { ...shown, trust, annotations: 'ignore' };
}

function yamlOf(name: string, settings: JsonObject): string {
  return stringify({ upstreams: { [name]: settings } }, { lineWidth: 0 });
}
