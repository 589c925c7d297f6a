import { accessErrors } from '../capabilities/access/index.ts';
import { approvalsErrors } from '../capabilities/approvals/index.ts';
import { auditErrors } from '../capabilities/audit/index.ts';
import { budgetsErrors } from '../capabilities/budgets/index.ts';
import { catalogErrors } from '../capabilities/catalog/index.ts';
import { connectionErrors, credentialsErrors } from '../capabilities/credentials/index.ts';
import { discoveryErrors } from '../capabilities/discovery/index.ts';
import { endpointsErrors } from '../capabilities/endpoints/index.ts';
import { eventsErrors } from '../capabilities/events/index.ts';
import { idempotencyErrors } from '../capabilities/idempotency/index.ts';
import { knowledgeErrors, sourcesErrors } from '../capabilities/knowledge/index.ts';
import { limitsErrors } from '../capabilities/limits/index.ts';
import { plansErrors } from '../capabilities/plans/index.ts';
import { policyErrors } from '../capabilities/policy/index.ts';
import { registryErrors } from '../capabilities/registry/index.ts';
import { signinErrors } from '../capabilities/signin/index.ts';
import { upstreamsErrors } from '../capabilities/upstreams/index.ts';
import { configErrors } from '../config/index.ts';
import { gatewayErrors } from '../gateway/index.ts';
import { Conflict, type ErrorKind, Internal, InvalidRequest, NotFound, ShuttingDown } from '../kernel/errors.ts';
import { databaseErrors } from '../platform/db/index.ts';
import { httpErrors } from '../platform/http/index.ts';
import { keyringErrors } from '../platform/keyring/index.ts';
import { modelErrors } from '../platform/models/index.ts';
import { processErrors } from '../platform/process/index.ts';
import { secretsErrors } from '../platform/secrets/index.ts';
import { restErrors } from '../surfaces/rest/index.ts';

/** The whole catalogue, for the documentation: by part of the house. */
export const errorCatalogue: readonly { part: string; errors: readonly ErrorKind[] }[] = [
  { part: 'Everywhere', errors: [InvalidRequest, NotFound, Conflict, ShuttingDown, Internal] },
  { part: 'Calls', errors: gatewayErrors },
  { part: 'Access', errors: accessErrors },
  { part: 'Sign-in', errors: signinErrors },
  { part: 'Policy', errors: policyErrors },
  { part: 'Catalog', errors: catalogErrors },
  { part: 'Discovery', errors: discoveryErrors },
  { part: 'Plans', errors: plansErrors },
  { part: 'Endpoints', errors: endpointsErrors },
  { part: 'Limits', errors: limitsErrors },
  { part: 'Budgets', errors: budgetsErrors },
  { part: 'Approvals', errors: approvalsErrors },
  { part: 'Events', errors: eventsErrors },
  { part: 'Upstreams', errors: upstreamsErrors },
  { part: 'Connections', errors: [...connectionErrors, ...credentialsErrors] },
  { part: 'Knowledge', errors: [...knowledgeErrors, ...sourcesErrors] },
  { part: 'Registry', errors: registryErrors },
  { part: 'Audit', errors: auditErrors },
  { part: 'Idempotency', errors: idempotencyErrors },
  { part: 'HTTP', errors: [...httpErrors, ...restErrors] },
  { part: 'Models', errors: modelErrors },
  { part: 'Processes', errors: processErrors },
  { part: 'Database', errors: databaseErrors },
  { part: 'Secrets', errors: [...secretsErrors, ...keyringErrors] },
  { part: 'Configuration', errors: configErrors },
];
