import { join } from 'node:path';
import { isLoopbackHost, packageRoot } from '../config/index.ts';

/** How to connect a client, ready to paste. */
export interface ConnectLine {
  /** What people type: `fairlead connect <id>`. */
  id: string;
  client: string;
  /** Where the lines go: a terminal, or a file of the client's. */
  where: string;
  lines: string;
}

/** The variable from which clients take the key that do not want it in a file. */
const keyVariable = 'FAIRLEAD_KEY';

/**
 * For each client, what to run or to write.
 *
 * @param key may be a placeholder
 * @param bridge the command line of `fairlead stdio`, where clients run on the machine of the server
 */
export function connectLines(mcpUrl: string, key: string, bridge?: readonly string[]): ConnectLine[] {
  const header = `Authorization: Bearer ${key}`;
  const headers = { Authorization: `Bearer ${key}` };
  const json = (value: object) => JSON.stringify(value, null, 2);
  return [
    {
      id: 'claude-code',
      client: 'Claude Code',
      where: 'in a terminal',
      lines: `claude mcp add --transport http fairlead ${mcpUrl} --header "${header}"`,
    },
    {
      id: 'cursor',
      client: 'Cursor',
      where: 'in ~/.cursor/mcp.json',
      lines: json({ mcpServers: { fairlead: { url: mcpUrl, headers } } }),
    },
    {
      id: 'vscode',
      client: 'VS Code',
      where: 'in .vscode/mcp.json',
      lines: json({ servers: { fairlead: { type: 'http', url: mcpUrl, headers } } }),
    },
    {
      id: 'windsurf',
      client: 'Windsurf',
      where: 'in ~/.codeium/windsurf/mcp_config.json',
      lines: json({ mcpServers: { fairlead: { serverUrl: mcpUrl, headers } } }),
    },
    {
      id: 'codex',
      client: 'Codex',
      where: 'in a terminal; Codex reads the key from the variable each time it starts',
      lines: `export ${keyVariable}=${key}\ncodex mcp add fairlead --url ${mcpUrl} --bearer-token-env-var ${keyVariable}`,
    },
    {
      id: 'inspector',
      client: 'MCP Inspector',
      where: 'in a terminal',
      lines: `npx @modelcontextprotocol/inspector --cli ${mcpUrl} --transport http --header "${header}" --method tools/list`,
    },
    ...(bridge ? [bridgeLine(bridge)] : []),
    {
      id: 'mcp-remote',
      client: 'Clients that only start programs, anywhere',
      where: 'as a server of theirs, for example in claude_desktop_config.json',
      lines: json({ mcpServers: { fairlead: mcpRemote(mcpUrl, key) } }),
    },
  ];
}

function bridgeLine([command, ...args]: readonly string[]): ConnectLine {
  return {
    id: 'stdio',
    client: 'Clients that only start programs, on this machine',
    where: 'as a server of theirs, for example in claude_desktop_config.json; it finds address and key by itself',
    lines: JSON.stringify({ mcpServers: { fairlead: { command, args } } }, null, 2),
  };
}

/** Without a space in an argument, which some clients would split, and without the key, which process lists would show. */
function mcpRemote(mcpUrl: string, key: string): object {
  const allow = needsAllowHttp(mcpUrl) ? ['--allow-http'] : [];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: mcp-remote fills it in
  const header = ['--header', 'Authorization:${AUTHORIZATION}'];
  return {
    command: 'npx',
    args: ['-y', 'mcp-remote', mcpUrl, ...allow, ...header],
    env: { AUTHORIZATION: `Bearer ${key}` },
  };
}

/** mcp-remote takes plain http only on loopback without being told to. */
function needsAllowHttp(mcpUrl: string): boolean {
  const { protocol, hostname } = new URL(mcpUrl);
  return protocol === 'http:' && !isLoopbackHost(hostname);
}

/** How a client on this machine starts `fairlead stdio`, whatever its PATH and its folder are, and whatever else runs. */
export function bridgeCommand(dataDir: string, endpoint?: string): string[] {
  const more = ['--data-dir', dataDir, ...(endpoint === undefined ? [] : ['--endpoint', endpoint])];
  return [process.execPath, join(packageRoot, 'src', 'main.ts'), 'stdio', ...more];
}

/** The lines as text for a terminal. */
export function renderConnectLines(lines: readonly ConnectLine[]): string {
  return lines
    .map(({ client, where, lines: text }) => `${client} (${where}):\n${text.replace(/^/gm, '  ')}\n`)
    .join('\n');
}
