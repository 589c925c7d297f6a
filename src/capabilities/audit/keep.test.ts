import { expect, it } from 'vitest';
import { canonicalJson } from '../../kernel/digest.ts';
import { createKeyring } from '../../platform/keyring/index.ts';
import { createKeeper } from './keep.ts';
import { columnsIn, readKept } from './kept.ts';
import { createRedactor } from './redact.ts';
import type { ActRecord, CallRecord } from './types.ts';

const keyring = createKeyring('a secret of at least thirty-two characters');
const redactor = createRedactor({ keyring, maxBytes: 2_000, redactKeys: ['patient'] });
const keeper = createKeeper({ redactor, replica: 'r "1" é', life: 'life_1', home: () => 'home' });

const principal = {
  id: 'key_1',
  name: 'Ada "the first" \u2028',
  kind: 'user',
  roles: ['admin', 'developer'],
  credential: { id: 'key_1', kind: 'api_key' },
} as const;

const least: CallRecord = {
  id: 'call_01k00000000000000000000000',
  org: 'default',
  at: 1_700_000_000_000,
  kind: 'call',
  principal,
  surface: 'mcp',
  operation: 'tool',
  arguments: { text: 'hello' },
  outcome: 'ok',
  durationMs: 1.5,
};

const most: CallRecord = {
  ...least,
  tool: 'web.echo',
  toolDigest: 'sha256:1',
  annotations: { readOnly: true, idempotent: false, destructive: false, openWorld: true },
  endpoint: 'team',
  parentCallId: 'call_0',
  arguments: {
    z: 1,
    a: ['--token', 'abcdefgh'],
    name: 'API_KEY',
    value: 'hidden',
    long: 'x'.repeat(3_000),
    '\u00e9': -0,
  },
  rule: 'shipped:admin',
  upstream: 'web',
  traceId: 'abc',
  clientAddress: '127.0.0.1',
  decision: {
    allowed: true,
    unattended: false,
    rules: ['b', 'a'],
    policyVersion: 'sha256:2',
    context: { surface: 'mcp', environment: 'test', arguments: { b: 'Bearer abcdefghijklmnopqrst', a: [1] } },
    errors: ['why'],
  },
  result: { isError: true, content: [{ type: 'text', text: 'line\nline' }] },
  outcome: 'tool_error',
  errorCode: 'X',
  replayed: true,
};

const act: ActRecord = {
  id: 'act_1',
  org: 'default',
  at: 1,
  kind: 'act',
  principal,
  action: 'keys.create',
  subject: 'key_2',
  detail: { z: 1, password: 'hidden', a: 'b' },
  outcome: 'denied',
  errorCode: 'FORBIDDEN',
};

const questions = {
  moreQuestions: { z: 1, a: 2 },
  questions: [{ method: 'roots/list' as const, askedAt: 5, params: { b: 1, a: 2 } }],
};

it('keeps RFC 8785 text of every field, and tells of it what the text says [SP-16]', () => {
  for (const made of [
    keeper.record(least),
    keeper.record(most),
    keeper.record(most, questions),
    keeper.record(act),
    keeper.record({ ...least, arguments: {}, tool: 'odd \u0000 \ud800 name', result: { content: [] } }),
  ]) {
    expect(made.body).toBe(canonicalJson(JSON.parse(made.body)));
    expect(made.columns).toEqual(columnsIn(readKept(made.body)));
    expect(made.body).not.toContain('hidden');
  }
  for (const made of [keeper.intent(most, 5, questions), keeper.intent(act, 5)])
    expect(made.body).toBe(canonicalJson(JSON.parse(made.body)));
});

it('keeps the same of equal bodies, whether they have to be looked through or not [SP-16]', () => {
  const keptOf = (args: CallRecord['arguments']) => {
    const kept = readKept(keeper.record({ ...least, arguments: args }).body);
    return kept.kind === 'call' ? [kept.arguments, kept.argumentsDigest] : [];
  };
  const plain = { z: [1, null, true, { name: 'n', kind: 'Pod', key: 'k' }], a: 'b', deep: { deeper: { deepest: '' } } };
  // A function is no JSON: the value is copied without it, and is no other for that.
  expect(keptOf({ ...plain, gone: undefined as never })).toEqual(keptOf(plain));
  expect(keptOf(plain)[0]).toEqual(plain);
});
