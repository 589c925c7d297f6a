import { type ApprovalTools, approvalResult, approvalStatus } from '../capabilities/approvals/index.ts';
import type { Discovery } from '../capabilities/discovery/index.ts';
import type { Plans } from '../capabilities/plans/index.ts';
import type { Upstreams } from '../capabilities/upstreams/index.ts';
import { statusUri } from '../gateway/index.ts';
import type { Call, OwnToolset, ProviderReply, ToolProvider } from '../kernel/call.ts';
import { NotFound } from '../kernel/errors.ts';
import { ownToolset } from '../kernel/names.ts';

interface Deps {
  upstreams: Upstreams;
  discovery: Discovery;
  plans: Plans;
  approvals: ApprovalTools;
  version: string;
}

/** Fairlead's own toolset: ways to the tools of others, and what stands behind this server and how it is. */
export function createOwnToolset({ upstreams, discovery, plans, approvals, version }: Deps): OwnToolset {
  const tools: Record<string, ToolProvider['dispatch']> = {
    search_tools: (call) => discovery.search(call),
    describe_tool: (call) => discovery.describe(call),
    run_tools: plans.run,
    approval_status: approvals.status,
    approval_result: approvals.result,
  };
  return {
    name: ownToolset,
    list: () => ({
      tools: [...discovery.tools, plans.tool, approvalStatus, approvalResult],
      prompts: [],
      resources: [],
      templates: [],
    }),
    provider: {
      async dispatch(call, signal) {
        const run = call.operation === 'tool' ? tools[call.tool.name] : undefined;
        if (run) return await run(call, signal);
        if (call.providerTarget === statusUri) return statusOf(upstreams, version, call);
        throw NotFound({ what: call.operation === 'tool' ? 'tool' : 'resource', id: call.target });
      },
    },
  };
}

function statusOf(upstreams: Upstreams, version: string, call: Call): ProviderReply {
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
}
