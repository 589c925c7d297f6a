import { createRequire } from 'node:module';
import type * as CedarModule from '@cedar-policy/cedar-wasm/nodejs';
import type { Policy as CedarPolicy, Context, Entities, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';

export type Cedar = typeof CedarModule;

export interface EvaluationRequest {
  principal: TypeAndId;
  action: 'call' | 'callUnattended';
  resource: TypeAndId;
  context: Context;
  entities: Entities;
}

/** What Cedar said. Whatever goes wrong is an error in here, and `allowed` is then false. */
export interface Verdict {
  allowed: boolean;
  /** Names of the policies that decided, sorted, as Cedar gives them in no order; none when nothing permitted. */
  reasons: readonly string[];
  errors: readonly string[];
}

export interface Engine {
  /** Makes a set known under a name, in place of an older one. @throws when Cedar does not take it */
  put(set: string, policies: Record<string, CedarPolicy>): void;
  evaluate(set: string, request: EvaluationRequest): Verdict;
}

const schemaName = 'schema';

/**
 * A WebAssembly instance of Cedar of one's own. Cedar recurses, and a text nested deeply enough overflows its stack:
 * from then on that instance fails on everything. So foreign texts are tried in another instance than the one
 * that decides, and an instance that threw is never used again.
 */
export function loadCedar(): Cedar {
  const require = createRequire(import.meta.url);
  const file = require.resolve('@cedar-policy/cedar-wasm/nodejs');
  delete require.cache[file]; // loading the file is what makes an instance
  const cedar = require(file) as Cedar;
  delete require.cache[file];
  return cedar;
}

/** Decides by preparsed sets. The one place that asks Cedar for an answer, and it fails closed. */
export function createEngine(schema: string, load: () => Cedar = loadCedar): Engine {
  const sets = new Map<string, Record<string, CedarPolicy>>();
  let instance: Cedar | undefined;

  const running = (): Cedar => {
    if (instance) return instance;
    const cedar = load();
    assertParsed(cedar.preparseSchema(schemaName, schema));
    for (const [name, policies] of sets) assertParsed(cedar.preparsePolicySet(name, { staticPolicies: policies }));
    instance = cedar;
    return cedar;
  };

  const guarded = <T>(work: (cedar: Cedar) => T): T => {
    const cedar = running();
    try {
      return work(cedar);
    } catch (error) {
      instance = undefined;
      throw error;
    }
  };

  return {
    put(set, policies) {
      assertParsed(guarded((cedar) => cedar.preparsePolicySet(set, { staticPolicies: policies })));
      sets.set(set, policies);
    },
    evaluate(set, { principal, action, resource, context, entities }) {
      try {
        const answer = guarded((cedar) =>
          cedar.statefulIsAuthorized({
            principal,
            action: { type: 'Action', id: action },
            resource,
            context,
            entities,
            preparsedSchemaName: schemaName,
            validateRequest: true,
            preparsedPolicySetId: set,
          }),
        );
        if (answer.type !== 'success') return refused(answer.errors.map((error) => error.message));
        const { decision, diagnostics } = answer.response;
        // Cedar skips a policy that errors: a forbid that errors would forbid nothing.
        if (diagnostics.errors.length > 0) {
          return refused(
            diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${withoutValues(error.message)}`),
          );
        }
        return { allowed: decision === 'allow', reasons: diagnostics.reason.toSorted(), errors: [] };
      } catch (error) {
        return refused([`the policy engine failed: ${error instanceof Error ? error.message : String(error)}`]);
      }
    },
  };
}

function assertParsed(answer: CedarModule.CheckParseAnswer): void {
  if (answer.type !== 'success') throw new Error(answer.errors.map((error) => error.message).join('; '));
}

function refused(errors: string[]): Verdict {
  return { allowed: false, reasons: [], errors: errors.toSorted() };
}

/** An overflow is reported with its operands, which are arguments of the call. */
function withoutValues(message: string): string {
  return message.replace(/the values? .*$/s, 'arguments');
}
