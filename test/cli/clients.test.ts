import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLines } from '../../src/cli/connect-lines.ts';
import { packageRoot } from '../../src/config/index.ts';
import { textOf } from '../clients.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { temporaryHome } from './run.ts';

// The lines that `serve` and `connect` print, with the real clients.

let fairlead: Fairlead;
const home = temporaryHome();
const timeout = 180_000;

beforeAll(async () => {
  fairlead = await startFairlead({ config: { upstreams: { fix: { ...fixtureUpstream(), startTimeoutMs: 30_000 } } } });
});
afterAll(async () => {
  await fairlead?.stop();
  home.remove();
});

function linesFor(id: string): string {
  const found = connectLines(`${fairlead.url}/mcp`, fairlead.adminKey).find((line) => line.id === id);
  return found?.lines ?? '';
}

const bins = join(packageRoot, 'node_modules/.bin');

describe('the printed lines', () => {
  it('let the MCP Inspector list the tools [SP-1] [SP-20]', { timeout }, async () => {
    const line = linesFor('inspector');
    expect(line).toMatch(/^npx @modelcontextprotocol\/inspector --cli /);
    const local = line.replace('npx @modelcontextprotocol/inspector', join(bins, 'mcp-inspector'));
    const child = spawn('sh', ['-c', local], { env: { ...home.env, PATH: `${bins}:${home.env.PATH}` } });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(0);
    const { tools } = JSON.parse(stdout);
    expect(tools.map(({ name }: { name: string }) => name)).toContain('fix_echo');
  });

  it('let a client that only starts programs call by mcp-remote [SP-1] [SP-20]', { timeout }, async () => {
    const { command, args, env } = JSON.parse(linesFor('mcp-remote')).mcpServers.fairlead;
    expect([command, ...args.slice(0, 2)]).toEqual(['npx', '-y', 'mcp-remote']);
    expect(args.join(' ')).not.toContain(fairlead.adminKey); // process lists show arguments
    const transport = new StdioClientTransport({
      command: join(bins, 'mcp-remote'),
      args: args.slice(2),
      env: { ...home.env, PATH: `${bins}:${home.env.PATH}`, ...env },
      stderr: 'pipe',
    });
    const client = new Client({ name: 'remote', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
    try {
      await client.connect(transport);
      expect(textOf(await client.callTool({ name: 'fix_echo', arguments: { text: 'remote' } }))).toBe('remote');
    } finally {
      await client.close();
    }
  });

  it('are JSON and commands with the address and the key in place [SP-1]', () => {
    for (const { id, where, lines } of connectLines('http://127.0.0.1:7300/mcp', 'the-key')) {
      expect(lines, id).toContain('http://127.0.0.1:7300/mcp');
      expect(lines, id).toContain('the-key');
      if (where.includes('.json')) JSON.parse(lines);
    }
    expect(linesFor('windsurf')).toContain('"serverUrl"');
    expect(linesFor('vscode')).toContain('"type": "http"');
    expect(connectLines('http://10.0.0.1:7300/mcp', 'k').find(({ id }) => id === 'mcp-remote')?.lines).toContain(
      '--allow-http',
    );
  });
});
