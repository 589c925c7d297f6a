export {
  CaseFault,
  type CaseResult,
  type CaseTools,
  caseEnvironment,
  casePrincipal,
  principalFor,
  readCases,
  runCase,
} from './cases.ts';
export type { PolicyCheck, PolicyFault, Rule } from './check.ts';
export { PoliciesChanged, PoliciesNotLoaded, PolicySettingsFault, PolicyShipped, policyErrors } from './errors.ts';
export type { ExplainedRule, Explanation, Remedy } from './explain.ts';
export { explainByFiles } from './explaining.ts';
export { type PolicySettings, policySettingsFaults } from './force.ts';
export { policyMigrations } from './migrations.ts';
export type { PastDecision, PastDecisions } from './past.ts';
export {
  checkPolicyText,
  createPolicy,
  type Policy,
  type PolicyDeps,
  type PolicyDescription,
  type PolicyStatus,
} from './policy.ts';
export type { ProjectionSettings } from './projection.ts';
export type { Layer, RehearsalSpan, Rehearsals } from './rehearsals.ts';
export type { Rehearsal } from './replay.ts';
export type { Change, Plan, PolicyStore, SavedPolicy, TextDifference } from './saved.ts';
export type { CallOrigin } from './situation.ts';
export { type PolicySet, type PolicyVersion, purgePolicies, type StoredPolicy } from './store.ts';
