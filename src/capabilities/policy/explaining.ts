import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Tool } from '../../kernel/tool.ts';
import type { ExplainCall } from './cases.ts';
import { explain } from './explain.ts';
import { type Force, loadCommon, type PolicySettings, type Vocabulary, vocabularyOf } from './force.ts';
import { createPartReader, type PartReader } from './parts.ts';
import { projectArguments } from './projection.ts';
import { type CallOrigin, type Situation, situationOf } from './situation.ts';

export interface ExplainerDeps {
  inForce(org: OrgId): Force;
  vocabulary(): Vocabulary;
  settings(): Pick<PolicySettings, 'environment'>;
}

/** Explains decisions by the rules in force at the time; decides nothing that counts. */
export function createExplainer({ inForce, vocabulary, settings }: ExplainerDeps): ExplainCall {
  let reader: PartReader | undefined;
  let schema: string | undefined;
  return (principal, tool, args, origin) => {
    const words = vocabulary();
    if (!reader || schema !== words.schema.text) {
      schema = words.schema.text;
      reader = createPartReader(schema);
    }
    const { environment = settings().environment } = origin;
    const { context, faults } = seenBy(words, environment, tool, args, origin);
    const force = inForce(principal.org);
    if ('ruleSet' in force) return explain({ ruleSet: force.ruleSet, reader }, { principal, tool, context, faults });
    const { reason } = force;
    const nothing = { deciding: [], lookedAt: {}, toAllow: [] };
    return {
      decision: 'deny',
      listed: false,
      hiddenBy: [reason],
      policyVersion: 'none',
      rules: [reason],
      errors: [reason],
      ...nothing,
    };
  };
}

function seenBy(
  { projections }: Vocabulary,
  environment: string,
  tool: Tool,
  args: JsonObject,
  origin: CallOrigin,
): Situation {
  return situationOf(environment, origin, projectArguments(projections, tool.id, args));
}

/**
 * The same by files alone, without a server: the shipped rules and those of the folder.
 * @throws PolicySettingsFault
 */
export async function explainByFiles(settings: PolicySettings): Promise<{ explain: ExplainCall; version: string }> {
  const vocabulary = vocabularyOf(settings);
  const common = await loadCommon(settings, vocabulary);
  const explainer = createExplainer({ inForce: () => common, vocabulary: () => vocabulary, settings: () => settings });
  return { explain: explainer, version: common.ruleSet.version };
}
