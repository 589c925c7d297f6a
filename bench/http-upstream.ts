// A small MCP server of the 2026-07-28 revision over bare node:http, so that it is never what a bench waits for.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const inputSchema = {
  type: 'object',
  properties: { text: { type: 'string', maxLength: 10_000 } },
  required: ['text'],
  additionalProperties: false,
};
const tools = [
  { name: 'echo', inputSchema, annotations: { readOnlyHint: true } },
  { name: 'write', inputSchema },
];
const serverInfo = { name: 'bench', version: '1' };
const cached = { ttlMs: 60_000, cacheScope: 'private' };

interface Params {
  arguments?: { text?: unknown };
}

const answers: Record<string, (params: Params) => object> = {
  'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ...cached }),
  'tools/list': () => ({ tools, ...cached }),
  'tools/call': (params) => ({ content: [{ type: 'text', text: String(params.arguments?.text) }] }),
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
    const answer = answers[method];
    const text = JSON.stringify(
      answer
        ? {
            jsonrpc: '2.0',
            id,
            result: {
              ...answer(params),
              resultType: 'complete',
              _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
            },
          }
        : { jsonrpc: '2.0', id: id ?? null, error: { code: -32_601, message: 'Method not found' } },
    );
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    response.writeHead(answer ? 200 : 404, headers).end(text);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});
