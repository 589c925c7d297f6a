/** How to connect a client, ready to paste. */
export interface ConnectLine {
  client: string;
  /** Where the lines go: a terminal, or a file of the client's. */
  where: string;
  lines: string;
}

/** For each client, what to run or to write. `key` may be a placeholder. */
export function connectLines(mcpUrl: string, key: string): ConnectLine[] {
  const header = `Authorization: Bearer ${key}`;
  const json = (value: object) => JSON.stringify(value, null, 2);
  return [
    {
      client: 'Claude Code',
      where: 'in a terminal',
      lines: `claude mcp add --transport http fairlead ${mcpUrl} --header "${header}"`,
    },
    {
      client: 'Cursor',
      where: 'in ~/.cursor/mcp.json',
      lines: json({ mcpServers: { fairlead: { url: mcpUrl, headers: { Authorization: `Bearer ${key}` } } } }),
    },
    {
      client: 'VS Code',
      where: 'in .vscode/mcp.json',
      lines: json({
        servers: { fairlead: { type: 'http', url: mcpUrl, headers: { Authorization: `Bearer ${key}` } } },
      }),
    },
    {
      client: 'Windsurf',
      where: 'in ~/.codeium/windsurf/mcp_config.json',
      lines: json({ mcpServers: { fairlead: { serverUrl: mcpUrl, headers: { Authorization: `Bearer ${key}` } } } }),
    },
    {
      client: 'MCP Inspector',
      where: 'in a terminal',
      lines: `npx @modelcontextprotocol/inspector --cli ${mcpUrl} --transport http --header "${header}" --method tools/list`,
    },
  ];
}

/** The lines as text for a terminal. */
export function renderConnectLines(lines: readonly ConnectLine[]): string {
  return lines
    .map(({ client, where, lines: text }) => `${client} (${where}):\n${text.replace(/^/gm, '  ')}\n`)
    .join('\n');
}
