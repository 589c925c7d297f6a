import type { ToolSettings } from '../../config/schema.ts';
import { digestOf } from '../../kernel/digest.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { withoutOurMeta } from '../../kernel/meta.ts';
import { type Annotations, type ToolDefinition, unknownAnnotations } from '../../kernel/tool.ts';
import type { ItemKind, StoredItem } from './snapshot.ts';

/** What an upstream listed. */
export interface ListedItems {
  tools: ToolDefinition[];
  prompts: JsonObject[];
  resources: JsonObject[];
  templates: JsonObject[];
  instructions?: string;
}

/** How far a toolset's own words count, and what the configuration says instead. */
export interface ToolsetFacts {
  trustAnnotations: boolean;
  tools: Record<string, ToolSettings>;
  callTimeoutMs: number;
}

const maxNameLength = 1_024; // a URI may be long; a name that is longer is an attack or a mistake

/** The rows of one toolset. Items without a usable name and second ones of the same name are left out. */
export function toStoredItems(toolset: string, listed: ListedItems, facts: ToolsetFacts): StoredItem[] {
  const rows: StoredItem[] = [];
  const seen = new Set<string>();
  const add = (kind: ItemKind, name: unknown, definition: JsonObject, own: StoredItem['facts']) => {
    if (typeof name !== 'string' || name === '' || name.length > maxNameLength || seen.has(`${kind} ${name}`)) return;
    seen.add(`${kind} ${name}`);
    const clean = withoutOurMeta(definition);
    rows.push({ toolset, kind, name, definition: clean, digest: digestOf(clean), facts: own });
  };
  for (const tool of listed.tools) {
    const settings = facts.tools[tool.name];
    add('tool', tool.name, tool as unknown as JsonObject, {
      annotations: believedAnnotations(tool, facts.trustAnnotations, settings),
      tags: settings?.tags ?? [],
      timeoutMs: settings?.timeoutMs ?? facts.callTimeoutMs,
      ...(settings?.disabled ? { disabled: true } : {}),
    });
  }
  for (const prompt of listed.prompts) add('prompt', prompt.name, prompt, {});
  for (const resource of listed.resources) add('resource', resource.uri, resource, {});
  for (const template of listed.templates) add('template', template.uriTemplate, template, {});
  return rows;
}

/** Annotations are claims: believed only when the upstream is trusted; the configuration's word beats both. */
export function believedAnnotations(tool: ToolDefinition, trust: boolean, settings?: ToolSettings): Annotations {
  const claims = trust && isObject(tool.annotations) ? tool.annotations : {};
  const flag = (claim: unknown, otherwise: boolean) => (typeof claim === 'boolean' ? claim : otherwise);
  const readOnly = settings?.annotations?.readOnly ?? flag(claims.readOnlyHint, unknownAnnotations.readOnly);
  const claimed: Annotations = {
    readOnly,
    // MCP: the destructive and idempotent hints mean something only for tools that are not read-only.
    destructive: readOnly ? false : flag(claims.destructiveHint, unknownAnnotations.destructive),
    idempotent: readOnly ? true : flag(claims.idempotentHint, unknownAnnotations.idempotent),
    openWorld: flag(claims.openWorldHint, unknownAnnotations.openWorld),
  };
  return { ...claimed, ...settings?.annotations };
}
