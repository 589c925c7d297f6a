import { Server, type ServerOptions } from '@modelcontextprotocol/server';
import type { Listing } from '../../gateway/index.ts';
import { ownToolset } from '../../kernel/names.ts';
import { originOf, type ServerIdentity, type ServerParts } from './identity.ts';
import { listHandlers } from './lists.ts';
import { useHandlers } from './uses.ts';

/** Without instructions for a request that does not ask for them: to know them, everything has to be listed. */
export function buildServer(parts: ServerParts, identity: ServerIdentity, withInstructions = true): Server {
  const options: ServerOptions = {
    capabilities: {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
    },
    ...(withInstructions ? { instructions: instructionsOf(parts, identity) } : {}),
    // Questions are relayed by the pipeline's own link; the SDK must not ask a second time.
    inputRequired: { legacyShim: false },
    requestState: { verify: parts.verifyState },
  };
  const server = new Server(serverInfoOf(parts.deps.version), options);
  listHandlers(server, parts.deps, identity);
  useHandlers(server, parts, identity);
  return server;
}

/** How Fairlead names itself to clients. */
export function serverInfoOf(version: string) {
  return { name: 'fairlead', title: 'Fairlead', version };
}

function instructionsOf({ deps }: ServerParts, { principal, endpoint, clientAddress }: ServerIdentity): string {
  const listing = deps.gateway.list(principal, originOf(endpoint, clientAddress));
  const chosen = deps.gateway.instructions(principal.org, endpoint);
  const own = [
    'Fairlead stands in front of other MCP servers. A refused call says why, whether trying again can help, and what to do instead.',
    ...(endpoint === undefined
      ? [
          'Tool names begin with the name of their toolset.',
          'Read the resource fairlead://status when a tool that you expect is missing.',
        ]
      : []),
    ...(listing.view.isSearched
      ? [
          'Most tools are not listed: find them with search_tools, look at one with describe_tool, call it with call_tool.',
          `There are tools of ${toolsetsOf(listing)}.`,
        ]
      : []),
  ].join(' ');
  // Quoted, so that no upstream can write a section in the name of another.
  const shown = listing.view.isSearched ? [] : listing.instructions; // describe_tool tells them with the tool
  const theirs = shown.map(({ toolset, text }) => `## ${toolset}\n${text.replace(/^/gm, '> ')}`);
  return [own, ...(chosen === undefined ? [] : [chosen]), ...theirs].join('\n\n');
}

const namedToolsets = 50;

function toolsetsOf({ tools }: Listing): string {
  const names = [...new Set(tools.map(({ item }) => item.toolset))].filter((name) => name !== ownToolset);
  const more = names.length > namedToolsets ? ` and ${names.length - namedToolsets} more` : '';
  return `${names.slice(0, namedToolsets).join(', ') || 'no toolset'}${more}`;
}
