import type { Upstreams } from '../capabilities/upstreams/index.ts';
import { statusUri } from '../gateway/index.ts';
import type { ToolProvider } from '../kernel/call.ts';
import { NotFound } from '../kernel/errors.ts';

/** Serves Fairlead's own resources: what stands behind this server and how it is. */
export function createOwnProvider(upstreams: Upstreams, version: string): ToolProvider {
  return {
    async dispatch(call) {
      if (call.providerTarget !== statusUri) throw NotFound({ what: 'resource', id: call.target });
      const toolsets = upstreams.list(call.principal.org).map((status) => ({
        toolset: status.name,
        state: status.state,
        ...(status.reason ? { reason: status.reason } : {}),
        tools: status.tools,
        prompts: status.prompts,
        resources: status.resources,
        ...(status.leftOut ? { leftOut: status.leftOut } : {}),
        since: new Date(status.since).toISOString(),
        ...(status.lastListedAt ? { lastListedAt: new Date(status.lastListedAt).toISOString() } : {}),
      }));
      const text = JSON.stringify({ server: 'fairlead', version, toolsets }, null, 2);
      return { kind: 'result', result: { contents: [{ uri: statusUri, mimeType: 'application/json', text }] } };
    },
  };
}
