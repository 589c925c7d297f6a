import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { packageRoot } from '../../src/config/index.ts';
import { type JsonObject, parseJson } from '../../src/kernel/json.ts';
import type { ToolDefinition } from '../../src/kernel/tool.ts';
import { toolsOfOpenApi } from './openapi.ts';

/** A tool as its provider declares it, under its canonical id. */
export interface CorpusTool {
  id: string;
  toolset: string;
  definition: ToolDefinition;
}

const servers = ['everything', 'filesystem', 'memory', 'sequential-thinking'] as const;
const largestDocument = 64 * 1024 * 1024;

/** Every tool definition of the bench, from packages that are installed and servers that are asked now. */
export async function readCorpus(): Promise<CorpusTool[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-corpus-'));
  try {
    const listed: [string, ToolDefinition[]][] = [['github', githubTools()]];
    for (const server of servers) listed.push([server, await listOf(server, folder)]);
    return listed.flatMap(([toolset, definitions]) =>
      definitions.map((definition) => ({ id: `${toolset}.${definition.name}`, toolset, definition })),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function githubTools(): ToolDefinition[] {
  const file = join(packageRoot, 'node_modules/@octokit/openapi/generated/api.github.com.json');
  const text = readFileSync(file, 'utf8');
  return toolsOfOpenApi(parseJson(text, { maxLength: largestDocument }) as JsonObject);
}

async function listOf(server: (typeof servers)[number], folder: string): Promise<ToolDefinition[]> {
  const client = new Client({ name: 'fairlead bench', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      join(packageRoot, `node_modules/@modelcontextprotocol/server-${server}/dist/index.js`),
      ...(server === 'filesystem' ? [folder] : []),
    ],
    env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
    stderr: 'ignore',
  });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    return tools as ToolDefinition[];
  } finally {
    await client.close();
  }
}
