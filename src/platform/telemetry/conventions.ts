/**
 * Attribute names of the OpenTelemetry semantic conventions for MCP (status: development), as of autumn 2026, and
 * ours, which start with `fairlead.`. A server or client span is named `{mcp.method.name} {tool or prompt}`.
 */
export const spanNames = {
  method: 'mcp.method.name',
  protocolVersion: 'mcp.protocol.version',
  sessionId: 'mcp.session.id',
  resourceUri: 'mcp.resource.uri',
  requestId: 'jsonrpc.request.id',
  /** The code of a JSON-RPC error, as text. */
  responseStatus: 'rpc.response.status_code',
  errorType: 'error.type',
  /** `execute_tool` for tool calls, absent otherwise. */
  operation: 'gen_ai.operation.name',
  tool: 'gen_ai.tool.name',
  prompt: 'gen_ai.prompt.name',
  /** `tcp` for HTTP, `pipe` for stdio. */
  transport: 'network.transport',
  /** `http` where it is. */
  protocol: 'network.protocol.name',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  clientAddress: 'client.address',
  callId: 'fairlead.call.id',
  outcome: 'fairlead.call.outcome',
  org: 'fairlead.org',
  endpoint: 'fairlead.endpoint',
  upstream: 'fairlead.upstream',
  stage: 'fairlead.stage',
} as const;
