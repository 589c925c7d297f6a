import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Explanation } from '../capabilities/policy/index.ts';
import { loadSettings } from '../config/index.ts';
import type { JsonObject } from '../kernel/json.ts';
import { pseudoNames, splitToolId } from '../kernel/names.ts';
import { defaultOrg, type OrgId, type Principal } from '../kernel/principal.ts';
import type { Tool } from '../kernel/tool.ts';
import type { CliContext, CommandInput } from './command.ts';
import { wrongUsage } from './errors.ts';
import { offlineFlags } from './offline.ts';

export interface OfflinePolicies {
  explain(
    principal: Principal,
    tool: Tool,
    args: JsonObject,
    origin: { surface?: string; endpoint?: string; clientAddress?: string; environment?: string },
  ): Explanation;
  /** Those by which policies know resources, prompts and completions; there is no catalog here. */
  findTool(id: string): Tool | undefined;
  org: OrgId;
}

/**
 * Decides by files alone: the shipped rules, and the folder of the settings or the one of `--policy`. Nothing is started.
 * @throws CommandFailed for policies that are not valid, ConfigInvalid
 */
export async function openOfflinePolicies(
  { env, cwd }: Pick<CliContext, 'env' | 'cwd'>,
  options: CommandInput['options'],
): Promise<OfflinePolicies> {
  const { explainByFiles, PolicySettingsFault } = await import('../capabilities/policy/index.ts'); // heavy
  const { pseudoTool } = await import('../gateway/index.ts');
  const { settings } = await loadSettings({ env, cwd, flags: offlineFlags(options), prepare: false });
  const { policies, environment, projections } = settings;
  const given = typeof options.policy === 'string' ? await policyPath(options.policy, cwd) : {};
  const org = typeof options.org === 'string' ? options.org : defaultOrg;
  try {
    const { explain } = await explainByFiles({ ...policies, environment, projections, ...given });
    const findTool = (id: string) => {
      const { toolset = '', name = '' } = splitToolId(id) ?? {};
      const pseudo = pseudoNames.find((each) => each === name);
      return pseudo && pseudoTool(org, toolset, pseudo);
    };
    return { explain, findTool, org };
  } catch (error) {
    if (!(error instanceof PolicySettingsFault)) throw error;
    const faults = error.faults.map((fault) => `  ${fault}`).join('\n');
    throw wrongUsage(`The policies cannot be used:\n${faults}`, 'Correct what is named.');
  }
}

async function policyPath(path: string, cwd: string): Promise<{ folder: string } | { files: string[] }> {
  const whole = resolve(cwd, path);
  try {
    return (await stat(whole)).isDirectory() ? { folder: whole } : { files: [whole] };
  } catch (error) {
    throw wrongUsage(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 'Check its path.');
  }
}
