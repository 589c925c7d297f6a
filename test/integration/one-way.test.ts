import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { runProgram, temporaryHome } from '../cli/run.ts';
import { caller, closeCallers } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { type OtlpSink, serveOtlp } from '../otlp.ts';

// Whoever calls and by whatever surface: the call goes the same way, and the same is kept of it.

let fairlead: Fairlead;
let otlp: OtlpSink;
let key: string;
const home = temporaryHome();

beforeAll(async () => {
  otlp = await serveOtlp();
  fairlead = await startFairlead({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url },
    config: {
      upstreams: {
        work: listedUpstream([
          {
            name: 'send',
            inputSchema: { type: 'object', properties: { amount: { type: 'integer' } }, required: ['amount'] },
            annotations: { destructiveHint: false },
          },
          { name: 'fail', result: { isError: true, content: [{ type: 'text', text: 'no wind' }] } },
          { name: 'look', annotations: { readOnlyHint: true } },
        ]),
      },
      projections: { 'work.send': { amount: 'long:/amount' } },
    },
  });
  const text =
    '@id("little") forbid (principal, action, resource) when { context.arguments has amount && context.arguments.amount > 9 };';
  await fairlead.request('/api/v1/policies/limits', { method: 'PUT', json: { text } });
  key = await fairlead.makeKey(['operator']);
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await otlp?.stop();
  home.remove();
});

/** Calls a tool and gives the id of the call. */
type Way = (tool: string, args: Record<string, unknown>) => Promise<string>;

const overMcp =
  (era: 'sessions' | 'modern'): Way =>
  async (tool, args) => {
    const client = await caller(fairlead, era, { key });
    const result = await client.callTool({ name: tool, arguments: args }).catch((error) => ({ _meta: error.data }));
    const meta = result._meta as Record<string, unknown>;
    return String(meta['dev.fairlead/callId'] ?? (meta['dev.fairlead/error'] as { callId: string }).callId);
  };

const ways: Record<string, Way> = {
  'MCP with a session': overMcp('sessions'),
  'MCP without one': overMcp('modern'),
  async REST(tool, args) {
    const response = await fairlead.request(`/api/v1/tools/${tool}/call`, { key, json: { arguments: args } });
    return (await response.json()).callId;
  },
  async 'the command line'(tool, args) {
    const { stdout } = await runProgram(['call', tool, '--args', JSON.stringify(args), '--json'], {
      env: { ...home.env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: key },
    });
    return JSON.parse(stdout).callId;
  },
};

const toLimit = ['resolve', 'validate', 'authorize', 'still fits', 'limit'];
const toDispatch = [...toLimit, 'budget', 'approve', 'once', 'cache', 'back up', 'intend', 'dispatch'];
const atTheEnd = ['charge', 'record'];
const toTheEnd = [...toDispatch, 'guard out', 'settle', ...atTheEnd];

const cases = [
  { outcome: 'ok', tool: 'work.send', args: { amount: 1 }, stages: toTheEnd },
  { outcome: 'ok', tool: 'work.look', args: { at: 'the tide' }, stages: toTheEnd },
  { outcome: 'tool_error', tool: 'work.fail', args: {}, stages: toTheEnd },
  { outcome: 'invalid', tool: 'work.send', args: { amount: 'all' }, stages: ['resolve', 'validate', ...atTheEnd] },
  {
    outcome: 'denied',
    tool: 'work.send',
    args: { amount: 10 },
    stages: ['resolve', 'validate', 'authorize', ...atTheEnd],
  },
  { outcome: 'denied', tool: 'work.nothing', args: { amount: 1 }, stages: ['resolve', ...atTheEnd] },
];

it.each(cases)(
  'a call of $tool that ends as $outcome goes the same way over every surface, and leaves the same record [SP-12]',
  async ({ outcome, tool, args, stages }) => {
    const made = await Promise.all(
      Object.entries(ways).map(async ([way, call]) => ({ way, callId: await call(tool, args) })),
    );
    const like = await kept(made[0]?.callId);
    expect(like).toMatchObject({ outcome, tool, arguments: args });
    for (const { way, callId } of made) {
      expect({ way, ...(await kept(callId)) }).toEqual({ way, ...like });
      await expect
        .poll(() => ({ way, went: otlp.stagesOf(callId) }), { timeout: 10_000 })
        .toEqual({ way, went: stages });
    }
  },
);

/** The audit record of a call but for what differs from one call to the next, and for the surface. */
async function kept(callId: string | undefined): Promise<object> {
  const response = await fairlead.request(`/api/v1/audit/${callId}`);
  expect(response.status).toBe(200);
  const { id, at, seq, hash, durationMs, traceId, surface, decision, ...same } = await response.json();
  expect(id).toBe(callId);
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(['mcp', 'rest']).toContain(surface);
  const { surface: _, ...context } = decision?.context ?? {};
  return { ...same, decision: decision && { ...decision, context } };
}
