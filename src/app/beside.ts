import type { DeclaredBackup, DeclaredCall, DeclaredPreview } from '../capabilities/approvals/index.ts';
import type { ApprovalsSettings } from '../config/schema.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Tool } from '../kernel/tool.ts';

/** A call as far as entries of the file look at it. */
interface Fitting {
  tool: Pick<Tool, 'id' | 'tags'>;
  principal: Pick<Principal, 'org'>;
}
const ownTimeoutMs = 10_000;
type Entry = ApprovalsSettings['previews'][number] | ApprovalsSettings['backups'][number];

/** What shows what a call would change, by the first entry that fits. */
export function previewOf({ previews }: ApprovalsSettings, call: Fitting): DeclaredPreview | undefined {
  const entry = previews.find((one) => fits(one, call));
  if (!entry) return undefined;
  const { tool = call.tool.id } = entry;
  return { ...declared(entry, tool), isDryRun: tool === call.tool.id };
}

/** A preview that a toolset of ours has itself. @param passed names of the arguments that go along, as they are */
export function previewBy(tool: string, passed: readonly string[]): DeclaredPreview {
  const args = Object.fromEntries(passed.map((name) => [name, { from: `/${name}` }]));
  return { tool, arguments: args, timeoutMs: ownTimeoutMs, isDryRun: false };
}

/** What is saved before a call, by the first entry that fits. */
export function backupOf({ backups }: ApprovalsSettings, call: Fitting): DeclaredBackup | undefined {
  const entry = backups.find((one) => fits(one, call));
  if (!entry) return undefined;
  const { tool, id, as, required } = entry;
  return { ...declared(entry, tool), id, as, required };
}

function declared({ arguments: args, set, timeoutSeconds }: Entry, tool: string): DeclaredCall {
  return {
    tool,
    timeoutMs: timeoutSeconds * 1_000,
    ...(args ? { arguments: args as DeclaredCall['arguments'] } : {}),
    ...(set ? { set: set as JsonObject } : {}),
  };
}

function fits({ of, org }: Entry, { tool, principal }: Fitting): boolean {
  return (
    (org === undefined || org === principal.org) &&
    (!of.tools || of.tools.some((pattern) => isNamed(pattern, tool.id))) &&
    (!of.tags || of.tags.some((tag) => tool.tags.includes(tag)))
  );
}

export function isNamed(pattern: string, id: string): boolean {
  return pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
}
