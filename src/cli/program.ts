import { Command, CommanderError } from 'commander';
import { faultsOf } from '../config/index.ts';
import { asFairleadError, FairleadError } from '../kernel/errors.ts';
import { type CliContext, type CommandSpec, exitCodes } from './command.ts';
import { commands } from './commands/index.ts';
import { CommandFailed } from './errors.ts';
import { jsonText, screenOf } from './terminal.ts';

/** Runs one command line; resolves with the exit code. */
export async function runCli(argv: readonly string[], context: CliContext, version: string): Promise<number> {
  let code: number = exitCodes.ok;
  const program = buildProgram(context, version, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return explain(error, context, argv.includes('--json'));
  }
  return code;
}

function buildProgram(context: CliContext, version: string, done: (code: number) => void): Command {
  const program = new Command('fairlead')
    .description("One MCP endpoint for everything that a team's agents may do.")
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHelpWidth: () => Math.min(context.stdout.columns ?? 100, 100),
      getErrHelpWidth: () => Math.min(context.stderr.columns ?? 100, 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(add --help for the whole story)')
    .addHelpText('after', `\n${firstSteps}`);
  const groups = new Map<string, Command>();
  for (const spec of commands) {
    let parent = program;
    for (let depth = 1; depth < spec.path.length; depth++)
      parent = groups.get(spec.path.slice(0, depth).join(' ')) ?? addGroup(parent, spec.path.slice(0, depth), groups);
    const command = addCommand(parent, spec, context, done);
    if (spec.path.length === 1) groups.set(spec.path.join(' '), command);
  }
  return program;
}

const firstSteps = `First steps:
  fairlead serve            # in one terminal: the server
  fairlead connect          # in another: the lines for Claude Code, Cursor, VS Code ...
  fairlead tools list       # what agents can call now
  fairlead doctor           # when something does not work

Exit codes: 0 done, 1 refused or failed, 2 wrong command line or configuration, 3 no server, 4 no good key.`;

function addGroup(parent: Command, path: readonly string[], groups: Map<string, Command>): Command {
  const name = path.join(' ');
  const group = parent
    .command(path.at(-1) ?? '')
    .description(groupSummaries[name] ?? '')
    .aliases(groupAliases[name] ?? [])
    .enablePositionalOptions()
    .helpCommand(false)
    .exitOverride();
  groups.set(name, group);
  return group;
}

/** What the groups of commands are about. */
const groupSummaries: Record<string, string> = {
  tools: 'find, describe, review and judge tools',
  upstreams: 'the MCP servers behind this one',
  connections: 'accounts of people at upstreams',
  endpoints: 'named selections of tools',
  knowledge: "the team's documents",
  catalog: 'find MCP servers in a registry and add them, or begin one',
  orgs: 'organisations, which see nothing of each other',
  keys: 'API keys',
  users: 'the people of an organisation',
  sessions: 'what people are signed in with',
  services: 'machines that sign in by themselves',
  'break-glass': 'a sealed way in for when there is no other',
  policies: 'who may call what',
  events: 'what happens, where it is delivered, and what became of it',
  'events destinations': 'where events are delivered',
  'events deliveries': 'events on their way, and dead letters',
  limits: 'how often calls may be made, and how many at once',
  budgets: 'how much there is in a period, and what is spent',
  cache: 'answers of tools that are kept',
  secrets: 'what settings take from elsewhere, and whether it is to be had',
  config: 'check and describe the configuration',
};

/** What somebody may write for the name of a group. */
const groupAliases: Record<string, string[]> = { policies: ['policy'] };

function addCommand(parent: Command, spec: CommandSpec, context: CliContext, done: (code: number) => void): Command {
  const command = parent
    .command(spec.path.at(-1) ?? '')
    .summary(spec.summary)
    .enablePositionalOptions()
    .helpCommand(false)
    .exitOverride();
  command.description(spec.about ? `${spec.summary}\n\n${flowing(spec.about)}` : spec.summary);
  for (const { name, help } of spec.args ?? []) command.argument(name, help);
  for (const { flags, help, default: value } of spec.options ?? []) command.option(flags, help, value);
  if (spec.remote) {
    command.option(
      '--url <url>',
      'address of the server (FAIRLEAD_URL; otherwise that of this folder, or the only one that runs)',
    );
    command.option('--key <key>', 'API key (FAIRLEAD_KEY; otherwise that of a server of yours on this machine)');
  }
  const examples = spec.examples.map(({ line, does }) => `  # ${does}\n  ${line}\n`);
  command.addHelpText('after', `\nExamples:\n${examples.join('\n').trimEnd()}`);
  command.action(async (...given: unknown[]) => {
    const values = given.slice(0, (spec.args ?? []).length) as (string | string[] | undefined)[];
    const names = (spec.args ?? []).map(({ name }) => name.replace(/[<>[\].]/g, ''));
    const args = Object.fromEntries(names.map((name, index) => [name, values[index]]));
    done((await spec.run(context, { args, options: command.opts() })) ?? exitCodes.ok);
  });
  return command;
}

/** Paragraphs without the line breaks of the source: the terminal decides where lines end. */
function flowing(text: string): string {
  return text.replace(/(?<!\n)\n(?!\n)/g, ' ');
}

/** Says on standard error what went wrong and what to do next. */
function explain(thrown: unknown, context: CliContext, asJson: boolean): number {
  const { note } = screenOf(context);
  const faults = faultsOf(thrown);
  if (faults) {
    note(`The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:`);
    for (const fault of faults) note(`  - ${fault}`);
    return exitCodes.usage;
  }
  if (thrown instanceof CommandFailed) {
    if (asJson && thrown.body) note(jsonText(thrown.body));
    else note(`${thrown.message}\n${thrown.action}`);
    return thrown.exitCode;
  }
  const error = asFairleadError(thrown);
  const cause = thrown instanceof FairleadError ? thrown.cause : thrown;
  note(`${error.message}\n${error.action}`);
  // Whoever runs a command line on this machine may see the inside.
  if (cause instanceof Error) note(`(${cause.message})`);
  return exitCodes.failed;
}
