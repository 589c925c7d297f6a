import type { ToolSettings } from '../../config/schema.ts';
import { digestOf } from '../../kernel/digest.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { withoutOurMeta } from '../../kernel/meta.ts';
import { pseudoNames } from '../../kernel/names.ts';
import type { ToolDefinition, ToolGuidance } from '../../kernel/tool.ts';
import type { Refused } from './refused.ts';
import type { ItemKind, StoredItem } from './snapshot.ts';
import type { Trust } from './standing.ts';

/** What an upstream listed. */
export interface ListedItems {
  tools: ToolDefinition[];
  prompts: JsonObject[];
  resources: JsonObject[];
  templates: JsonObject[];
  instructions?: string;
  /** What the provider listed besides and nobody could use. */
  refused?: readonly Refused[];
}

/** How far a toolset's own words count, and what the configuration says instead. */
export interface ToolsetFacts {
  trustAnnotations: boolean;
  /** Absent for what comes with the code. */
  trust?: Trust;
  tools: Record<string, ToolSettings>;
  callTimeoutMs: number;
}

const maxNameLength = 1_024; // a URI may be long; a name that is longer is an attack or a mistake
const shownNameLength = 100;

/** The rows of one toolset, and what cannot be one: the catalog's door. */
export function toStoredItems(
  toolset: string,
  listed: ListedItems,
  facts: ToolsetFacts,
): { rows: StoredItem[]; refused: Refused[] } {
  const rows: StoredItem[] = [];
  const refused: Refused[] = [...(listed.refused ?? [])];
  const seen = new Map<string, string>();
  const add = (kind: ItemKind, name: unknown, definition: JsonObject, own: StoredItem['facts']) => {
    const clean = withoutOurMeta(definition);
    const digest = digestOf(clean);
    const key = `${kind} ${name}`;
    if (seen.get(key) === digest) return; // the same once more, as pages that shift bring it
    const reason = seen.has(key) ? 'a name that is listed twice' : (nameFault(kind, name) ?? textFault(clean));
    if (reason !== undefined) {
      refused.push({ kind, name: String(name ?? '').slice(0, shownNameLength), reason });
      return;
    }
    seen.set(key, digest);
    rows.push({ toolset, kind, name: String(name), definition: clean, digest, facts: own });
  };
  for (const tool of listed.tools) {
    const settings = facts.tools[tool.name];
    add('tool', tool.name, tool as unknown as JsonObject, {
      believed: facts.trustAnnotations,
      ...(settings?.annotations ? { annotations: settings.annotations } : {}),
      tags: settings?.tags ?? [],
      ...(settings?.consent ? { consent: settings.consent } : {}),
      timeoutMs: settings?.timeoutMs ?? facts.callTimeoutMs,
      ...(settings?.disabled ? { disabled: true } : {}),
      ...guidanceOf(settings),
    });
  }
  for (const prompt of listed.prompts) add('prompt', prompt.name, prompt, {});
  for (const resource of listed.resources) add('resource', resource.uri, resource, {});
  for (const template of listed.templates) add('template', template.uriTemplate, template, {});
  return { rows, refused };
}

/** No database takes it in a text: were it not left out here, nothing of the upstream could be kept. */
function isKeepable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function textFault(value: unknown): string | undefined {
  if (typeof value === 'string') return isKeepable(value) ? undefined : 'characters that are no text';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const fault = textFault(key) ?? textFault(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** What the configuration tells agents of a tool. */
function guidanceOf(settings: ToolSettings = {}): { guidance?: ToolGuidance } {
  const { annotations: _a, tags: _t, consent: _c, timeoutMs: _l, disabled: _d, ...guidance } = settings;
  return Object.keys(guidance).length > 0 ? { guidance: guidance as ToolGuidance } : {};
}

function nameFault(kind: ItemKind, name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'no name';
  if (name.length > maxNameLength) return `a name of more than ${maxNameLength} characters`;
  // Policies and records that name the pseudo tool would mean this one too.
  if (kind === 'tool' && pseudoNames.some((taken) => taken === name)) return 'a name that is reserved';
  return undefined;
}
