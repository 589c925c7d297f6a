import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Annotations, ItemStatus, Tool, ToolDefinition, ToolGuidance } from '../../kernel/tool.ts';
import { believedAnnotations } from './annotations.ts';
import { type Lookalike, lookalikesOf } from './lookalikes.ts';
import {
  type Definition,
  instructionsOf,
  judge,
  keyOf,
  type Standing,
  type Standings,
  type Trust,
  type Verdict,
} from './standing.ts';

export type ItemKind = 'tool' | 'prompt' | 'resource' | 'template';

/** What Fairlead itself holds of an item, beside the provider's definition. */
export interface ItemFacts {
  /** Whether the annotations that come with the definition count. */
  believed?: boolean;
  /** What the configuration says instead. */
  annotations?: Partial<Annotations>;
  tags?: readonly string[];
  /** Whose consent every call needs. */
  consent?: 'confirm' | 'approve';
  timeoutMs?: number;
  disabled?: boolean;
  guidance?: ToolGuidance;
}

export interface StoredItem {
  toolset: string;
  kind: ItemKind;
  /** Tool or prompt name, resource URI or URI template. */
  name: string;
  definition: JsonObject;
  digest: string;
  facts: ItemFacts;
}

/** A prompt, resource or resource template. */
export interface CatalogItem {
  toolset: string;
  name: string;
  definition: JsonObject;
  digest: string;
  status: ItemStatus;
  statusReason?: string;
}

export interface ToolsetState {
  toolset: string;
  /** As they are served: those that were accepted. */
  instructions?: string;
  status: 'live' | 'stale';
  reason?: string;
  /** What was listed and is not taken, in words that any caller may read. */
  leftOut?: string;
  /** Has never been listed, so the database knows nothing of it. */
  unlisted?: true;
  /** How many definitions are offered and not served until somebody has looked at them. */
  quarantined?: number;
  /** Whether its instructions are among them. */
  instructionsWait?: true;
  /** Set while nothing of it has been accepted: then its resources are not served either. */
  closed?: string;
}

/** A toolset as it is kept: what it offers, by which rule that is taken, and how it is now. */
export interface ToolsetRow extends ToolsetState {
  /** Absent for what comes with the code: that is not judged. */
  trust?: Trust;
}

/** All that one organisation has at one moment. Never changed, only replaced. */
export interface CatalogSnapshot {
  org: OrgId;
  toolsets: ReadonlyMap<string, ToolsetState>;
  /** By canonical id. */
  tools: ReadonlyMap<string, Tool>;
  prompts: readonly CatalogItem[];
  resources: readonly CatalogItem[];
  templates: readonly CatalogItem[];
  /** By id of a tool: tools of other toolsets that it may be taken for. Made when it is first asked for. */
  lookalikes(): ReadonlyMap<string, readonly Lookalike[]>;
}

/** Everything that a snapshot is made of. */
export interface Contents {
  toolsets: ReadonlyMap<string, ToolsetRow>;
  items: readonly StoredItem[];
  standings: Standings;
}

export function buildSnapshot(org: OrgId, { toolsets: rows, items, standings }: Contents): CatalogSnapshot {
  const served = new Map([...rows].map(([name, row]) => [name, toolsetOf(row, standings)]));
  const tools = new Map<string, Tool>();
  const others: Record<Exclude<ItemKind, 'tool'>, CatalogItem[]> = { prompt: [], resource: [], template: [] };
  for (const item of items) {
    const toolset = served.get(item.toolset);
    const fate = fateOf(item, rows.get(item.toolset)?.trust, standings);
    const closed = item.kind === 'resource' || item.kind === 'template' ? toolset?.closed : undefined;
    const reason = fate.verdict?.state === 'quarantined' ? fate.verdict.reason : closed;
    if (toolset && reason !== undefined) toolset.quarantined = (toolset.quarantined ?? 0) + 1;
    const status: ItemStatus = item.facts.disabled
      ? 'disabled'
      : reason === undefined
        ? (toolset?.status ?? 'stale')
        : 'quarantined';
    const statusReason = reason ?? toolset?.reason;
    if (item.kind === 'tool') {
      const tool = toTool(org, item, fate, status);
      tools.set(tool.id, statusReason === undefined ? tool : { ...tool, statusReason });
    } else {
      const { toolset: owner, name } = item;
      const shown: CatalogItem = { toolset: owner, name, definition: fate.definition, digest: fate.digest, status };
      others[item.kind].push(statusReason === undefined ? shown : { ...shown, statusReason });
    }
  }
  const { prompt: prompts, resource: resources, template: templates } = others;
  let alike: Map<string, Lookalike[]> | undefined;
  const lookalikes = () => {
    alike ??= lookalikesOf(items, standings);
    return alike;
  };
  return { org, toolsets: served, tools, prompts, resources, templates, lookalikes };
}

/** What is served of an item, and why. */
interface Fate {
  definition: JsonObject;
  digest: string;
  verdict?: Verdict;
}

function fateOf(item: StoredItem, trust: Trust | undefined, standings: Standings): Fate {
  const { definition, digest } = item;
  const { kind } = item;
  if (trust === undefined || kind === 'resource') return { definition, digest };
  const offered: Definition = { ...item, kind };
  const standing = standings.get(keyOf(offered));
  const verdict = judge(offered, standing, trust);
  const accepted = verdict.state === 'changed' ? standing?.accepted : undefined;
  return { verdict, definition: accepted?.definition ?? definition, digest: accepted?.digest ?? digest };
}

/** Instructions that were changed are served as accepted, if at all. */
function toolsetOf({ trust, instructions: text, ...state }: ToolsetRow, standings: Standings): ToolsetState {
  if (trust === undefined) return text ? { ...state, instructions: text } : state;
  const offered = instructionsOf(state.toolset, text);
  const standing: Standing | undefined = standings.get(keyOf(offered));
  const verdict = judge(offered, standing, trust);
  const accepted = standing?.accepted?.definition.instructions;
  const shown = verdict.state === 'accepted' || verdict.state === 'first' ? text : accepted;
  const served: ToolsetState = { ...state };
  if (typeof shown === 'string' && shown !== '' && verdict.state !== 'quarantined') served.instructions = shown;
  if (verdict.state === 'quarantined') {
    if (!state.unlisted) Object.assign(served, { quarantined: 1, instructionsWait: true });
    if (!standing?.accepted) served.closed = verdict.reason;
  }
  return served;
}

function toTool(org: OrgId, item: StoredItem, { definition, digest, verdict }: Fate, status: ItemStatus): Tool {
  const { annotations, believed, tags, consent, timeoutMs, guidance } = item.facts;
  const served = definition as unknown as ToolDefinition;
  return {
    org,
    id: `${item.toolset}.${item.name}`,
    toolset: item.toolset,
    name: item.name,
    definition: served,
    digest,
    annotations: believedAnnotations(served, believed ?? false, annotations),
    tags: tags ?? [],
    status,
    ...(guidance ? { guidance } : {}),
    ...(consent ? { consent: { kind: consent, rule: 'override:upstream' } } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(verdict?.state === 'changed'
      ? { offered: { inputSchema: item.definition.inputSchema as JsonObject, digest: item.digest } }
      : {}),
  };
}
