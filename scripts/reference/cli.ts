import type { CommandSpec } from '../../src/cli/command.ts';

const intro = `# The command line

<!-- Made from the code by \`npm run reference\`. -->

In a checkout each command is run with \`npx fairlead\`; here it stands without \`npx\`.

**Which server.** Commands that talk to a server take its address and an API key from \`--url\` and \`--key\`, otherwise
from \`FAIRLEAD_URL\` and \`FAIRLEAD_KEY\`, otherwise from the servers that this user runs on this machine: the one whose
data folder is that of the settings of this folder, else the only one that runs, which commands that change something
then name on standard error. Where several run and none is of this folder, the command lists them and ends with 2. Each
\`fairlead serve\` notes itself down in a file of \`\${XDG_STATE_HOME:-~/.local/state}/fairlead/servers\`, readable by its
owner alone: the address, and an admin key that is made for the command line of this machine at each start. A server
that stops revokes the key and takes its note away; after a crash the next start on the same data folder revokes it. The
key goes to that server alone.

**For programs.** \`--json\` prints JSON on standard output; whatever is not the result goes to standard error. Bars that
show progress are drawn only where a person watches.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | the request was refused or failed |
| 2 | the command line or the configuration is wrong |
| 3 | the server cannot be reached |
| 4 | no key, or one that does not count |
`;

/** The page about every command, in the order of the help. */
export function cliPage(commands: readonly CommandSpec[]): string {
  return `${intro}\n${commands.map(commandSection).join('\n')}`;
}

function commandSection({ path, summary, about, args = [], options = [], examples, remote }: CommandSpec): string {
  const name = `fairlead ${path.join(' ')}`;
  const all = [
    ...options,
    ...(remote
      ? [
          { flags: '--url <url>', help: 'address of the server (FAIRLEAD_URL)' },
          { flags: '--key <key>', help: 'API key (FAIRLEAD_KEY)' },
        ]
      : []),
  ];
  const usage = [name, ...args.map((arg) => arg.name), ...(all.length > 0 ? ['[options]'] : [])].join(' ');
  const parts = [`## ${name}\n`, `${sentence(summary)}\n`];
  if (about) parts.push(`${about}\n`);
  parts.push(`\`\`\`text\n${usage}\n\`\`\`\n`);
  if (args.length > 0)
    parts.push(
      table(
        'argument',
        args.map(({ name: arg, help }) => [arg, help]),
      ),
    );
  if (all.length > 0) parts.push(table('option', all.map(optionRow)));
  parts.push(`\`\`\`sh\n${examples.map(({ line, does }) => `# ${does}\n${line}`).join('\n')}\n\`\`\`\n`);
  return parts.join('\n');
}

function optionRow({ flags, help, default: value }: { flags: string; help: string; default?: unknown }): string[] {
  return [flags, value === undefined ? help : `${help} (default: ${value})`];
}

function table(head: string, rows: readonly string[][]): string {
  const cells = rows.map(
    ([name = '', text = '']) => `| \`${name.replaceAll('|', '\\|')}\` | ${text.replaceAll('|', '\\|')} |`,
  );
  return `| ${head} | |\n| --- | --- |\n${cells.join('\n')}\n`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
