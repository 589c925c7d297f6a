// An stdio server as people write them, with the official SDK: what Fairlead and its peers stand before in a bench.
import { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';

const inputSchema = {
  type: 'object' as const,
  properties: { text: { type: 'string', maxLength: 10_000 } },
  required: ['text'],
  additionalProperties: false,
};
const server = new Server({ name: 'bench', version: '1' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/list', () => ({
  tools: [
    { name: 'echo', inputSchema, annotations: { readOnlyHint: true } },
    { name: 'write', inputSchema },
  ],
}));
server.setRequestHandler('tools/call', ({ params }) => ({
  content: [{ type: 'text', text: String(params.arguments?.text) }],
}));
await server.connect(new StdioServerTransport());
