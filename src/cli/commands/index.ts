import type { CommandSpec } from '../command.ts';
import { approvalsApprove, approvalsReject } from './approvals/decide.ts';
import { approvalsList } from './approvals/list.ts';
import { approvalsShow } from './approvals/show.ts';
import { auditExport } from './audit/export.ts';
import { audit } from './audit/list.ts';
import { auditVerify } from './audit/verify.ts';
import { backup } from './backup.ts';
import { breakGlassActivate } from './break-glass/activate.ts';
import { breakGlassCreate } from './break-glass/create.ts';
import { breakGlassEnd } from './break-glass/end.ts';
import { breakGlassList } from './break-glass/list.ts';
import { budgetsList } from './budgets/list.ts';
import { budgetsRemove } from './budgets/remove.ts';
import { budgetsSet } from './budgets/set.ts';
import { budgetsShow } from './budgets/show.ts';
import { cacheClear } from './cache/clear.ts';
import { cacheShow } from './cache/show.ts';
import { call } from './call.ts';
import { catalogAdd } from './catalog/add.ts';
import { catalogSearch } from './catalog/search.ts';
import { catalogShow } from './catalog/show.ts';
import { catalogTemplate } from './catalog/template.ts';
import { configCheck } from './config/check.ts';
import { configSchema } from './config/schema.ts';
import { connect } from './connect.ts';
import { connectionsConnect } from './connections/connect.ts';
import { connectionsList } from './connections/list.ts';
import { connectionsRemove } from './connections/remove.ts';
import { doctor } from './doctor.ts';
import { endpointsAdd } from './endpoints/add.ts';
import { endpointsList } from './endpoints/list.ts';
import { endpointsRemove } from './endpoints/remove.ts';
import { endpointsShow } from './endpoints/show.ts';
import { deliveriesList } from './events/deliveries-list.ts';
import { deliveriesReplay, deliveriesShow } from './events/deliveries-one.ts';
import { destinationsAdd } from './events/destinations-add.ts';
import { destinationsRemove, destinationsRotate, destinationsTest } from './events/destinations-change.ts';
import { destinationsList } from './events/destinations-list.ts';
import { keysChange } from './keys/change.ts';
import { keysCreate } from './keys/create.ts';
import { keysList } from './keys/list.ts';
import { keysRevoke } from './keys/revoke.ts';
import { keysRotate } from './keys/rotate.ts';
import { keysShow } from './keys/show.ts';
import { knowledgeAdd } from './knowledge/add.ts';
import { knowledgeEval } from './knowledge/eval.ts';
import { knowledgeGaps } from './knowledge/gaps.ts';
import { knowledgeList } from './knowledge/list.ts';
import { knowledgeQuery } from './knowledge/query.ts';
import { knowledgeRebuild } from './knowledge/rebuild.ts';
import { knowledgeRemove } from './knowledge/remove.ts';
import { knowledgeReport } from './knowledge/report.ts';
import { knowledgeRuns } from './knowledge/runs.ts';
import { knowledgeSync } from './knowledge/sync.ts';
import { knowledgeUpload } from './knowledge/upload.ts';
import { knowledgeVerify } from './knowledge/verify.ts';
import { limitsAdd } from './limits/add.ts';
import { limitsList } from './limits/list.ts';
import { limitsRemove } from './limits/remove.ts';
import { limitsShow } from './limits/show.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { migrate } from './migrate.ts';
import { orgsCreate } from './orgs/create.ts';
import { orgsDelete } from './orgs/delete.ts';
import { orgsList } from './orgs/list.ts';
import { policiesCheck } from './policies/check.ts';
import { policiesDiff } from './policies/diff.ts';
import { policiesExplain } from './policies/explain.ts';
import { policiesList } from './policies/list.ts';
import { policiesRemove } from './policies/remove.ts';
import { policiesReplay } from './policies/replay.ts';
import { policiesRollback } from './policies/rollback.ts';
import { policiesSave } from './policies/save.ts';
import { policiesTest } from './policies/test.ts';
import { policiesVersions } from './policies/versions.ts';
import { restore } from './restore.ts';
import { secretsCheck } from './secrets/check.ts';
import { secretsForget } from './secrets/forget.ts';
import { serve } from './serve.ts';
import { servicesChange } from './services/change.ts';
import { servicesCreate } from './services/create.ts';
import { servicesList } from './services/list.ts';
import { servicesRemove } from './services/remove.ts';
import { servicesRotate } from './services/rotate.ts';
import { sessionsList } from './sessions/list.ts';
import { sessionsRevoke } from './sessions/revoke.ts';
import { stdio } from './stdio.ts';
import { toolsDescribe } from './tools/describe.ts';
import { toolsLint } from './tools/lint.ts';
import { toolsList } from './tools/list.ts';
import { toolsReview } from './tools/review.ts';
import { toolsSearch } from './tools/search.ts';
import { upstreamsAdd } from './upstreams/add.ts';
import { upstreamsList } from './upstreams/list.ts';
import { upstreamsRemove } from './upstreams/remove.ts';
import { upstreamsTest } from './upstreams/test.ts';
import { usage } from './usage.ts';
import { usersChange } from './users/change.ts';
import { usersInvite } from './users/invite.ts';
import { usersList } from './users/list.ts';
import { usersRemove } from './users/remove.ts';
import { usersReset } from './users/reset.ts';
import { usersRevoke } from './users/revoke.ts';

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  serve,
  connect,
  stdio,
  login,
  logout,
  call,
  toolsList,
  toolsSearch,
  toolsDescribe,
  toolsReview,
  toolsLint,
  upstreamsList,
  upstreamsAdd,
  upstreamsTest,
  upstreamsRemove,
  connectionsList,
  connectionsConnect,
  connectionsRemove,
  endpointsList,
  endpointsShow,
  endpointsAdd,
  endpointsRemove,
  knowledgeList,
  knowledgeAdd,
  knowledgeRemove,
  knowledgeUpload,
  knowledgeSync,
  knowledgeRuns,
  knowledgeQuery,
  knowledgeVerify,
  knowledgeRebuild,
  knowledgeEval,
  knowledgeGaps,
  knowledgeReport,
  catalogSearch,
  catalogShow,
  catalogAdd,
  catalogTemplate,
  keysList,
  keysShow,
  keysCreate,
  keysRotate,
  keysChange,
  keysRevoke,
  usersList,
  usersInvite,
  usersChange,
  usersReset,
  usersRevoke,
  usersRemove,
  sessionsList,
  sessionsRevoke,
  servicesList,
  servicesCreate,
  servicesRotate,
  servicesChange,
  servicesRemove,
  breakGlassList,
  breakGlassCreate,
  breakGlassActivate,
  breakGlassEnd,
  orgsList,
  orgsCreate,
  orgsDelete,
  policiesList,
  policiesSave,
  policiesRemove,
  policiesCheck,
  approvalsList,
  approvalsShow,
  approvalsApprove,
  approvalsReject,
  limitsList,
  limitsShow,
  limitsAdd,
  limitsRemove,
  destinationsList,
  destinationsAdd,
  destinationsRotate,
  destinationsTest,
  destinationsRemove,
  deliveriesList,
  deliveriesShow,
  deliveriesReplay,
  budgetsList,
  budgetsShow,
  budgetsSet,
  budgetsRemove,
  usage,
  cacheShow,
  cacheClear,
  policiesTest,
  policiesExplain,
  policiesReplay,
  policiesVersions,
  policiesDiff,
  policiesRollback,
  audit,
  auditVerify,
  auditExport,
  configCheck,
  configSchema,
  secretsCheck,
  secretsForget,
  migrate,
  backup,
  restore,
  doctor,
];
