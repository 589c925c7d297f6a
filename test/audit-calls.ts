import type { CallIntent, CallRecord } from '../src/capabilities/audit/index.ts';
import type { AuditSettings } from '../src/config/schema.ts';
import { newId } from '../src/kernel/ids.ts';
import { createKeyring } from '../src/platform/keyring/index.ts';

// Apart from the rest, since processes without vitest use it too.

export const testKeyring = createKeyring('a secret of the tests, longer than 32 bytes');

export const testAuditSettings: AuditSettings = {
  maxBodyBytes: 16_384,
  queueSize: 10_000,
  maxBacklogBytes: 1024 * 1024 * 1024,
  whenFull: 'refuse',
  redactKeys: [],
};

/** A call of `demo.write` by `key:tester` of the organisation `default`, over. */
export function callRecord(parts: Partial<CallRecord> = {}): CallRecord {
  return { ...callIntent(parts), result: { content: [] }, outcome: 'ok', durationMs: 3, ...parts };
}

export function callIntent(parts: Partial<CallIntent> = {}): CallIntent {
  return {
    id: newId('call'),
    org: 'default',
    at: Date.now(),
    kind: 'call',
    principal: {
      id: 'key:tester',
      name: 'tester',
      kind: 'user',
      roles: ['developer'],
      credential: { kind: 'api_key', id: 'key_1' },
    },
    surface: 'mcp',
    operation: 'tool',
    tool: 'demo.write',
    toolDigest: `sha256:${'0'.repeat(64)}`,
    annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
    arguments: { text: 'hello' },
    rule: 'shipped/developer',
    upstream: 'demo',
    ...parts,
  };
}
