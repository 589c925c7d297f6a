import { Server, type ServerOptions } from '@modelcontextprotocol/server';
import type { Listing } from '../../gateway/index.ts';
import { originOf, type ServerIdentity, type ServerParts } from './identity.ts';
import { listHandlers } from './lists.ts';
import { useHandlers } from './uses.ts';

export function buildServer(parts: ServerParts, identity: ServerIdentity): Server {
  const listing = parts.deps.gateway.list(identity.principal, originOf(identity.endpoint, identity.clientAddress));
  const options: ServerOptions = {
    capabilities: {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
    },
    instructions: instructionsOf(listing),
    // Questions are relayed by the pipeline's own link; the SDK must not ask a second time.
    inputRequired: { legacyShim: false },
    requestState: { verify: parts.verifyState },
  };
  const server = new Server({ name: 'fairlead', title: 'Fairlead', version: parts.deps.version }, options);
  listHandlers(server, parts.deps, identity);
  useHandlers(server, parts, identity);
  return server;
}

function instructionsOf(listing: Listing): string {
  const own =
    'Fairlead stands in front of several MCP servers. Tool names begin with the name of their toolset. ' +
    'A refused call says why, whether trying again can help, and what to do instead; read the resource ' +
    'fairlead://status when a tool that you expect is missing.';
  const theirs = listing.instructions.map(({ toolset, text }) => `## ${toolset}\n${text}`);
  return [own, ...theirs].join('\n\n');
}
