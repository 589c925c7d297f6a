import { accessMigrations } from '../capabilities/access/index.ts';
import { approvalsMigrations } from '../capabilities/approvals/index.ts';
import { auditMigrations } from '../capabilities/audit/index.ts';
import { budgetsMigrations } from '../capabilities/budgets/index.ts';
import { catalogMigrations } from '../capabilities/catalog/index.ts';
import { connectionsMigrations } from '../capabilities/credentials/index.ts';
import { discoveryMigrations } from '../capabilities/discovery/index.ts';
import { endpointsMigrations } from '../capabilities/endpoints/index.ts';
import { eventsMigrations } from '../capabilities/events/index.ts';
import { idempotencyMigrations } from '../capabilities/idempotency/index.ts';
import { knowledgeMigrations } from '../capabilities/knowledge/index.ts';
import { limitsMigrations } from '../capabilities/limits/index.ts';
import { policyMigrations } from '../capabilities/policy/index.ts';
import { signinMigrations } from '../capabilities/signin/index.ts';
import { upstreamsMigrations } from '../capabilities/upstreams/index.ts';
import type { Migration } from '../platform/db/index.ts';
import { keyringMigrations } from '../platform/keyring/index.ts';

/** Every step of the database, in the order in which they are taken. New ones go to the end of their capability. */
export const migrations: readonly Migration[] = [
  ...accessMigrations,
  ...auditMigrations,
  ...catalogMigrations,
  ...policyMigrations,
  ...upstreamsMigrations,
  ...idempotencyMigrations,
  ...endpointsMigrations,
  ...discoveryMigrations,
  ...knowledgeMigrations,
  ...signinMigrations,
  ...keyringMigrations,
  ...connectionsMigrations,
  ...limitsMigrations,
  ...approvalsMigrations,
  ...eventsMigrations,
  ...budgetsMigrations,
];
