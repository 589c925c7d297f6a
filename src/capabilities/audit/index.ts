export { type ActNotes, type Acts, createActs } from './acts.ts';
export { type AuditDeps, createAudit } from './audit.ts';
export { AuditQueueFull, AuditUnavailable, auditErrors } from './errors.ts';
export type { AuditLimits } from './limits.ts';
export { auditMigrations } from './migrations.ts';
export { createRedactor } from './redact.ts';
export type {
  ActIntent,
  ActRecord,
  Anchor,
  AskedQuestion,
  Audit,
  AuditFilter,
  AuditGap,
  AuditPage,
  AuditPlace,
  AuditPrincipal,
  AuditRecord,
  AuditStats,
  CallIntent,
  CallRecord,
  CallSpan,
  ChainFault,
  KeptAct,
  KeptCall,
  KeptQuestion,
  Spending,
  Verification,
} from './types.ts';
