import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Explanation } from '../capabilities/policy/index.ts';
import { namePolicies } from '../config/index.ts';
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
 * Decides by files alone: the shipped rules, and the folder of the settings or the one of `--policy`, with the settings of
 * the file that stands beside it. Nothing is started, and no secret of the file is looked up.
 * @throws CommandFailed for policies that are not valid, ConfigInvalid
 */
export async function openOfflinePolicies(
  { env, cwd }: Pick<CliContext, 'env' | 'cwd'>,
  options: CommandInput['options'],
): Promise<OfflinePolicies> {
  const { explainByFiles, PolicySettingsFault } = await import('../capabilities/policy/index.ts'); // heavy
  const { pseudoTool } = await import('../gateway/index.ts');
  const given = typeof options.policy === 'string' ? await policyPath(options.policy, cwd) : undefined;
  const flags = offlineFlags(options);
  const isNamed = flags.config !== undefined || Boolean(env.FAIRLEAD_CONFIG);
  // Policies read what their own file projects: that of another project, which this folder may be, says nothing of theirs.
  const own = given && !isNamed ? join(given.beside, 'fairlead.yaml') : undefined;
  const { policies, environment, projections } = namePolicies({
    env,
    cwd,
    flags: own !== undefined && existsSync(own) ? { ...flags, config: own } : flags,
  });
  const org = typeof options.org === 'string' ? options.org : defaultOrg;
  try {
    const { explain } = await explainByFiles({ ...policies, environment, projections, ...given?.sources });
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

/** What `--policy` names, and the folder that it is, or is in. */
async function policyPath(
  path: string,
  cwd: string,
): Promise<{ sources: { folder: string } | { files: string[] }; beside: string }> {
  const whole = resolve(cwd, path);
  try {
    const isFolder = (await stat(whole)).isDirectory();
    return isFolder
      ? { sources: { folder: whole }, beside: whole }
      : { sources: { files: [whole] }, beside: dirname(whole) };
  } catch (error) {
    throw wrongUsage(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 'Check its path.');
  }
}
