import { type Shot, send } from './load.ts';

const accept = 'application/json, text/event-stream';

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A request of the stateless revision. */
export function modern(method: string, params: Record<string, unknown> = {}, key?: string): Shot {
  const { name } = params;
  return {
    headers: {
      accept,
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...bearer(key),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
  };
}

export function initialize(key?: string): Shot {
  return {
    headers: { accept, 'content-type': 'application/json', ...bearer(key) },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
    }),
  };
}

/** Opens a session at `url` and gives the way to make requests in it. */
export async function openSession(
  url: string,
  key?: string,
): Promise<(method: string, params?: Record<string, unknown>) => Shot> {
  const { status, headers, text } = await send(url, initialize(key));
  const session = headers['mcp-session-id'];
  if (status !== 200 || typeof session !== 'string') throw new Error(`no session: ${status} ${text.slice(0, 200)}`);
  const inSession = {
    accept,
    'content-type': 'application/json',
    'mcp-session-id': session,
    'mcp-protocol-version': '2025-11-25',
    ...bearer(key),
  };
  await send(url, {
    headers: inSession,
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
  });
  let id = 1;
  return (method, params = {}) => ({
    headers: inSession,
    body: () => JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }), // ids count once in a session
  });
}

function bearer(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}
