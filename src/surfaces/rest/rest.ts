import type { Hono } from 'hono';
import type { Access } from '../../capabilities/access/index.ts';
import { type Acts, type Audit, createActs } from '../../capabilities/audit/index.ts';
import type { Catalog } from '../../capabilities/catalog/index.ts';
import type { Knowledge } from '../../capabilities/knowledge/index.ts';
import type { Policy } from '../../capabilities/policy/index.ts';
import type { Upstreams } from '../../capabilities/upstreams/index.ts';
import type { Gateway } from '../../gateway/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Admission, HttpEnv } from '../http/admission.ts';
import { type ApprovalRoutesDeps, approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { breakGlassRoutes } from './break-glass.ts';
import { type BudgetRoutesDeps, budgetRoutes } from './budgets.ts';
import { type CacheRoutesDeps, cacheRoutes } from './cache.ts';
import { callRoutes } from './calls.ts';
import { type ConnectionRoutesDeps, connectionRoutes } from './connections.ts';
import { openApiOf, serveDocuments } from './documents.ts';
import { type EndpointRoutesDeps, endpointRoutes } from './endpoints.ts';
import { type EventRoutesDeps, eventRoutes } from './events.ts';
import type { BodyLimits } from './input.ts';
import { keyRoutes } from './keys.ts';
import { knowledgeRoutes } from './knowledge.ts';
import { knowledgeQualityRoutes } from './knowledge-quality.ts';
import { type LimitRoutesDeps, limitRoutes } from './limits.ts';
import { type MeDeps, meRoutes } from './me.ts';
import { orgRoutes } from './orgs.ts';
import { policyRoutes } from './policies.ts';
import { type PolicyExplainDeps, policyExplainRoutes } from './policy-explain.ts';
import { policyRehearsalRoutes } from './policy-rehearsals.ts';
import { policyVersionRoutes } from './policy-versions.ts';
import { register } from './register.ts';
import { reviewRoutes } from './reviews.ts';
import type { Route } from './route.ts';
import { type SecretRoutesDeps, secretRoutes } from './secrets.ts';
import { serviceRoutes } from './services.ts';
import { sessionRoutes } from './sessions.ts';
import { type ToolsDeps, toolRoutes } from './tools.ts';
import { upstreamRoutes } from './upstreams.ts';
import { type UsageRoutesDeps, usageRoutes } from './usage.ts';
import { type UsersDeps, userRoutes } from './users.ts';

export interface RestDeps extends BodyLimits {
  gateway: Gateway;
  access: Access;
  approvals: ApprovalRoutesDeps['approvals'];
  audit: Audit;
  policy: Policy;
  budgets: BudgetRoutesDeps['budgets'];
  usage: UsageRoutesDeps['usage'];
  caching: CacheRoutesDeps['caching'];
  catalog: Catalog;
  endpoints: EndpointRoutesDeps['endpoints'];
  events: EventRoutesDeps['events'];
  knowledge: Knowledge;
  limits: LimitRoutesDeps['limits'];
  upstreams: Upstreams;
  signin: UsersDeps['signin'];
  connections: ConnectionRoutesDeps['connections'];
  secrets: SecretRoutesDeps['secrets'];
  findPrincipal: PolicyExplainDeps['findPrincipal'];
  guidanceOf: ToolsDeps['guidanceOf'];
  /** What is declared for organisations that do not exist. */
  orgsNotThere: MeDeps['orgsNotThere'];
  clock: Clock;
  log: Log;
  version: string;
}

/** REST under `/api/v1`, its documentation at `/openapi.json` and `/docs`. */
export function createRest(deps: RestDeps, admission: Admission): Hono<HttpEnv> {
  const app = register(restRoutes(deps), { ...deps, admission, acts: createActs(deps) });
  serveDocuments(app, openApiOf(app, deps.version));
  return app;
}

/** The OpenAPI document without a server: no handler runs, so none of what they need is there. */
export function restDocument(version: string): Record<string, unknown> {
  const nothing = {} as RestDeps & { admission: Admission; acts: Acts };
  return { ...openApiOf(register(restRoutes(nothing), nothing), version) };
}

/** All routes, in the order of the documentation; of two that fit, the first one counts. */
function restRoutes(deps: RestDeps): Route[] {
  return [
    ...toolRoutes(deps),
    ...callRoutes(deps),
    ...endpointRoutes(deps),
    ...upstreamRoutes(deps),
    ...secretRoutes(deps),
    ...reviewRoutes(deps),
    ...knowledgeRoutes(deps),
    ...knowledgeQualityRoutes(deps),
    ...policyRoutes(deps),
    ...approvalRoutes(deps),
    ...limitRoutes(deps),
    ...budgetRoutes(deps),
    ...usageRoutes(deps),
    ...cacheRoutes(deps),
    ...eventRoutes(deps),
    ...policyExplainRoutes(deps),
    ...policyRehearsalRoutes(deps),
    ...policyVersionRoutes(deps),
    ...auditRoutes(deps),
    ...keyRoutes(deps),
    ...userRoutes(deps),
    ...sessionRoutes(deps),
    ...serviceRoutes(deps),
    ...breakGlassRoutes(deps),
    ...orgRoutes(deps),
    ...connectionRoutes(deps),
    ...meRoutes(deps),
  ];
}
