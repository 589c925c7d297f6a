import { findServer } from '../address.ts';
import { createClient } from '../client.ts';
import { type CliContext, type CommandSpec, exitCodes, jsonOption, textOf } from '../command.ts';
import { bridgeCommand, connectLines, renderConnectLines } from '../connect-lines.ts';
import { CommandFailed, wrongUsage } from '../errors.ts';
import { screenOf } from '../terminal.ts';

const placeholder = '<your API key>';

/** Prints what connects a client to the server. */
export const connect: CommandSpec = {
  path: ['connect'],
  summary: 'print the lines that connect a client',
  about:
    'For Claude Code, Cursor, VS Code, Windsurf, Codex, the MCP Inspector, and clients that only start programs. The\n' +
    'key in the lines is the one that --key or FAIRLEAD_KEY gives; the key of the local command line is never shown,\n' +
    'since it ends with the server. Make one that stays with `fairlead keys create`.',
  args: [
    {
      name: '[client]',
      help: 'claude-code, cursor, vscode, windsurf, codex, inspector, stdio or mcp-remote; all when absent',
    },
  ],
  options: [{ flags: '--endpoint <name>', help: 'connect to a named endpoint' }, jsonOption],
  examples: [
    { line: 'fairlead connect', does: 'the lines for every client' },
    { line: 'fairlead connect cursor --endpoint dev', does: 'one client, the tools of one endpoint' },
    { line: 'fairlead connect claude-code --key fl_...', does: 'with the key filled in' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const { url, key, keyIsLocal, note } = await findServer(context, options);
    const shown = keyIsLocal ? undefined : key;
    const endpoint = textOf(options.endpoint);
    if (endpoint !== undefined) await refuseUnknown(endpoint, { url, key }, context);
    const mcpUrl = `${url}/mcp${endpoint === undefined ? '' : `/${encodeURIComponent(endpoint)}`}`;
    const all = connectLines(mcpUrl, shown ?? placeholder, note && bridgeCommand(note.dataDir, endpoint));
    const wanted = textOf(args.client)?.toLowerCase();
    const chosen = wanted === undefined ? all : all.filter(({ id }) => id === wanted);
    if (chosen.length === 0) {
      throw wrongUsage(`No client is called "${wanted}".`, `Known: ${all.map(({ id }) => id).join(', ')}.`);
    }
    if (options.json) screen.json({ url: mcpUrl, clients: chosen });
    else {
      screen.line(renderConnectLines(chosen).trimEnd());
      if (shown === undefined) {
        screen.note(`\nPut an API key for ${placeholder}: npx fairlead keys create --name "my agent" --role developer`);
      }
    }
    return exitCodes.ok;
  },
};

/**
 * Asks the server whether it has the endpoint. Lines are printed also for one that does not answer, or not this key.
 *
 * @throws CommandFailed when the server says that there is none, with those that there are
 */
async function refuseUnknown(
  endpoint: string,
  { url, key }: { url: string; key: string | undefined },
  context: CliContext,
): Promise<void> {
  const unasked = (reason: string) =>
    screenOf(context).note(`Whether there is an endpoint "${endpoint}" could not be asked: ${reason}\n`);
  if (key === undefined) return unasked('there is no API key for the server.');
  try {
    // Of its tools nothing is wanted, so none of this name are asked for.
    await createClient({ url, key, signal: context.signal }).get('/tools', { endpoint, toolset: '-' });
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.body?.code === 'UNKNOWN_ENDPOINT') throw error;
    unasked(error.message);
  }
}
