import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Fairlead } from './harness.ts';

export type CallerEra = 'sessions' | 'modern';

export interface CallerOptions {
  endpoint?: string;
  key?: string | null;
  /** Answers questions put to this caller. */
  answer?: (question: string) => string | Promise<string>;
  options?: ClientOptions;
}

const connected: Client[] = [];

/** The official client of either era, connected; closed by `closeCallers`. */
export async function caller(
  fairlead: Pick<Fairlead, 'url' | 'adminKey'>,
  era: CallerEra,
  { endpoint, key = fairlead.adminKey, answer, options }: CallerOptions = {},
): Promise<Client> {
  const client = new Client(
    { name: `test ${era}`, version: '1.0.0' },
    {
      capabilities: answer ? { elicitation: { form: {} }, sampling: {}, roots: {} } : {},
      versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
      ...options,
    },
  );
  if (answer) {
    client.setRequestHandler('elicitation/create', async ({ params }) => ({
      action: 'accept',
      content: { answer: await answer(params.message) },
    }));
    client.setRequestHandler('sampling/createMessage', async ({ params }) => {
      const [message] = params.messages;
      const asked =
        message && !Array.isArray(message.content) && message.content.type === 'text' ? message.content.text : '';
      return { model: 'test', role: 'assistant', content: { type: 'text', text: await answer(asked) } };
    });
    client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///here', name: 'here' }] }));
  }
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const path = endpoint === undefined ? '/mcp' : `/mcp/${endpoint}`;
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${fairlead.url}${path}`), { requestInit: { headers } }),
  );
  connected.push(client);
  return client;
}

export async function closeCallers(): Promise<void> {
  await Promise.all(connected.splice(0).map((client) => client.close().catch(() => undefined)));
}

/** The text of a tool result. */
export function textOf(result: { content?: unknown }): string {
  const blocks = Array.isArray(result.content) ? result.content : [];
  return blocks.map((block: { text?: string }) => block.text ?? '').join('\n');
}
