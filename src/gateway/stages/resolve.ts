import type { CatalogItem, EndpointView } from '../../capabilities/catalog/index.ts';
import { type Call, type Decision, opensPages } from '../../kernel/call.ts';
import { type ErrorParams, type FairleadError, inWords } from '../../kernel/errors.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { ownToolset, toolsetPattern } from '../../kernel/names.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { Endpoints } from '../endpoints.ts';
import { FixedArgument, InvalidArguments, ToolQuarantined, UnknownSearchedTool, UnknownTool } from '../errors.ts';
import { isOwnUri } from '../own.ts';
import { pseudoTool } from '../pseudo.ts';
import { demandConsent, type Stage } from './stage.ts';

export interface ResolveDeps {
  endpoints: Endpoints;
  /** Whether policy lets the principal see the tool at all. */
  sees(call: Call, tool: Tool): boolean;
  decide(call: Call, tool: Tool): Decision;
  /** Why a toolset's tools may be missing, for a caller who may know how upstreams are; undefined when it is well. */
  troubleWith(principal: Principal, toolset: string): string | undefined;
  /** That the caller has to connect an account before anything of a toolset can be listed; undefined where that is not so. */
  signInFor(principal: Principal, toolset: string): Promise<FairleadError | undefined>;
}

/** From what the caller wrote to a tool of the catalog. What the caller may not see is not there. */
export function resolve(deps: ResolveDeps): Stage {
  const { endpoints, sees, decide } = deps;
  const refuse = async (call: Call, view: EndpointView, UnknownHere: typeof UnknownTool): Promise<never> => {
    throw (
      quarantined(call, view, deps) ??
      (await waitingForSignIn(call, view, deps)) ??
      UnknownHere(unknown(call, view, deps))
    );
  };
  return {
    name: 'resolve',
    run(state) {
      const { call } = state;
      const view = endpoints.view(call.principal.org, call.endpoint);
      let found = find(view, call);
      const isIndirect = found?.tool.id === callToolId;
      if (isIndirect) {
        Object.assign(call, calledThrough(call.arguments));
        found = find(view, call);
        if (found?.tool.id === callToolId) found = undefined;
      }
      const UnknownHere = isIndirect ? UnknownSearchedTool : UnknownTool;
      if (!found) return refuse(call, view, UnknownHere);
      Object.assign(call, found);
      if (!sees(call, found.tool)) {
        // The caller cannot tell "not for you" from "not there"; the audit can, and names the rule.
        call.decision = decide(call, found.tool);
        throw UnknownHere(unknown(call, view, deps), {
          rule: call.decision.rules.join(', ') || 'no policy permits it',
        });
      }
      refuseClosed(call, view, found.tool);
      call.arguments = withFixed(call.arguments, found.tool);
      const { toolset } = found.tool;
      if (toolset !== ownToolset) state.wireUri = (uri) => view.wireUri(toolset, uri);
      if (found.tool.consent && call.operation === 'tool') demandConsent(state, found.tool.consent);
      if (found.tool.timeoutMs) call.timeoutMs = found.tool.timeoutMs;
    },
  };
}

const callToolId = `${ownToolset}.call_tool`;

/** `call_tool` names another tool: that one is called, and known to policy and audit. */
function calledThrough({ name, arguments: args = {} }: JsonObject): { target: string; arguments: JsonObject } {
  const faults = [
    ...(typeof name === 'string' && name !== '' ? [] : ['"name" must be the name of a tool']),
    ...(isObject(args) ? [] : ['"arguments" must be an object']),
  ];
  if (faults.length > 0) throw InvalidArguments({ tool: callToolId, faults });
  return { target: String(name), arguments: args as JsonObject };
}

/** What this endpoint itself gives to a tool, and nobody else. */
function withFixed(args: JsonObject, { id, fixed }: Tool): JsonObject {
  if (!fixed) return args;
  const names = Object.keys(fixed).filter((name) => Object.hasOwn(args, name));
  if (names.length > 0) throw FixedArgument({ tool: id, names });
  return { ...args, ...fixed };
}

/** What is there and waits for a review, told only to those who could use it. */
function quarantined(call: Call, view: EndpointView, { sees }: ResolveDeps): FairleadError | undefined {
  const { operation, target } = call;
  if (operation !== 'tool' && operation !== 'prompt') return undefined;
  const item = view.findQuarantined(operation, target);
  const tool = item && (isTool(item) ? item : pseudoTool(call.principal.org, item.toolset, '@prompt'));
  if (!item || !tool || !sees(call, tool)) return undefined;
  const reason = item.statusReason ?? 'it waits for a review';
  return ToolQuarantined({ what: nouns[operation], name: `${item.toolset}.${item.name}`, reason });
}

function isTool(item: Tool | CatalogItem): item is Tool {
  return 'annotations' in item;
}

/** Resources of a toolset of which nothing was accepted yet are not read either. */
function refuseClosed({ operation, target }: Call, view: EndpointView, tool: Tool): void {
  if (operation !== 'read' && operation !== 'complete') return;
  const reason = view.toolsets.find(({ toolset }) => toolset === tool.toolset)?.closed;
  if (reason !== undefined) throw ToolQuarantined({ what: nouns[operation], name: target.slice(0, 200), reason });
}

const nouns = { tool: 'tool', read: 'resource', prompt: 'prompt', complete: 'prompt or resource' } as const;

/** Of a toolset that nobody could list yet, for want of an account: whoever could use something of it gets the link. */
async function waitingForSignIn(
  call: Call,
  view: EndpointView,
  { sees, signInFor }: ResolveDeps,
): Promise<FairleadError | undefined> {
  const toolset = toolsetNamed(call);
  if (toolset === undefined || !view.covers(toolset)) return undefined;
  if (!sees(call, pseudoTool(call.principal.org, toolset, '@read'))) return undefined;
  const refusal = await signInFor(call.principal, toolset);
  return refusal && (opensPages(call.link) ? refusal : inWords(refusal));
}

/** Told alike of what is not there and of what is hidden, so that nobody learns which of the two it is. */
function unknown(call: Call, view: EndpointView, { sees, troubleWith }: ResolveDeps): ErrorParams {
  const what = nouns[call.operation];
  const name = call.target.slice(0, 200);
  const toolset = toolsetNamed(call);
  if (toolset === undefined || !view.covers(toolset)) return { what, name };
  // A listing says as much to whoever could use something of the toolset.
  if (!sees(call, pseudoTool(call.principal.org, toolset, '@read'))) return { what, name };
  const trouble = troubleWith(call.principal, toolset);
  return { what, name, ...(trouble === undefined ? {} : { state: ` The upstream "${toolset}" is ${trouble}.` }) };
}

/** The toolset that a name on the wire or a canonical id begins with. */
function toolsetNamed({ operation, target }: Call): string | undefined {
  const [name = ''] = target.split(operation === 'read' ? '+' : /[._]/, 1);
  return toolsetPattern.test(name) ? name : undefined;
}

interface Found {
  tool: Tool;
  providerTarget: string;
  arguments?: JsonObject;
}

function find(view: EndpointView, call: Call): Found | undefined {
  const { org } = call.principal;
  switch (call.operation) {
    case 'tool': {
      const tool = view.findTool(call.target);
      return tool && { tool, providerTarget: tool.name };
    }
    case 'read':
      return findResource(view, call);
    case 'prompt': {
      const prompt = view.findPrompt(call.target);
      return prompt && { tool: pseudoTool(org, prompt.toolset, '@prompt'), providerTarget: prompt.name };
    }
    case 'complete':
      return findReference(view, call.arguments, org);
  }
}

function findResource(view: EndpointView, { target: uri, endpoint, principal: { org } }: Call): Found | undefined {
  // A named endpoint is a selection: what stands beside it is nobody's business there.
  if (isOwnUri(uri))
    return endpoint !== undefined ? undefined : { tool: pseudoTool(org, ownToolset, '@read'), providerTarget: uri };
  const own = view.ownUri(uri);
  return own && { tool: pseudoTool(org, own.toolset, '@read'), providerTarget: own.uri };
}

function findReference(view: EndpointView, params: JsonObject, org: string): Found | undefined {
  const ref = isObject(params.ref) ? params.ref : {};
  if (ref.type === 'ref/prompt') {
    const prompt = view.findPrompt(String(ref.name));
    if (!prompt) return undefined;
    const tool = pseudoTool(org, prompt.toolset, '@complete');
    return {
      tool,
      providerTarget: prompt.name,
      arguments: { ...params, ref: { ...(params.ref as JsonObject), name: prompt.name } },
    };
  }
  const own = view.ownUri(String(ref.uri));
  if (!own) return undefined;
  const tool = pseudoTool(org, own.toolset, '@complete');
  return {
    tool,
    providerTarget: own.uri,
    arguments: { ...params, ref: { ...(params.ref as JsonObject), uri: own.uri } },
  };
}
