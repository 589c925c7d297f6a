import { createPastDecisions } from '../src/app/past-decisions.ts';
import { createAudit } from '../src/capabilities/audit/index.ts';
import { createPolicy } from '../src/capabilities/policy/index.ts';
import type { Principal } from '../src/kernel/principal.ts';
import type { Tool } from '../src/kernel/tool.ts';
import type { Bus } from '../src/platform/bus/index.ts';
import { callRecord, testAuditSettings, testKeyring } from '../test/audit-calls.ts';
import { type Figure, setting } from './figures.ts';
import type { Storage } from './storage.ts';

const decisions = setting('BENCH_DECISIONS', 100_000);
const atOnce = 500;

const byClass = 'forbid (principal, action, resource) when { resource.destructive && !resource.readOnly };';
const byArgument =
  'forbid (principal, action, resource) when { context.arguments has path && context.arguments.path like "*7" };';

/** Seconds of processor time to decide past calls anew, out of the audit store: by rules that read classes, and by one that reads arguments. */
export async function rehearsalFigures(
  { database, dataDir, log }: Storage,
  bus: Bus,
  principal: Principal,
  tools: readonly Tool[],
): Promise<Figure[]> {
  const clock = { now: () => Date.now() };
  const settings = { ...testAuditSettings, durability: 'database' as const };
  const common = { db: database.db, clock, log };
  const audit = createAudit({
    ...common,
    kind: database.kind,
    dataDir,
    keyring: testKeyring,
    settings,
    replicaId: 'bench',
  });
  const policy = createPolicy({
    ...common,
    ...{ bus, shipped: true, environment: 'dev', past: createPastDecisions(audit) },
    projections: Object.fromEntries(tools.map(({ id }) => [id, { path: '/path' }])),
  });
  await policy.start();
  await audit.start();
  try {
    for (let n = 0; n < decisions; n += atOnce) {
      const records = Array.from({ length: Math.min(atOnce, decisions - n) }, (_, at) => {
        const tool = tools[(n + at) % tools.length] as Tool;
        const args = { path: `/home/${n + at}`, text: 'hello' };
        const { id, digest, status, tags, annotations } = tool;
        return callRecord({
          ...{
            org: principal.org,
            principal,
            tool: id,
            toolDigest: digest,
            toolStatus: status,
            toolTags: tags,
            annotations,
          },
          ...{ arguments: args, decision: policy.decide(principal, tool, args, { surface: 'mcp' }) },
        });
      });
      await Promise.all(records.map((record) => audit.record(audit.reserve(), record)));
    }
    const seconds = async (text: string): Promise<number> => {
      const before = process.cpuUsage();
      const rehearsal = await policy.rehearsals.candidate(
        principal.org,
        { policies: [{ name: 'try', text }], against: 'recorded', limit: decisions, maxMs: 600_000 },
        new AbortController().signal,
      );
      const lacking = rehearsal.insufficient.decisions;
      if (rehearsal.decisions !== decisions || lacking > 0 || rehearsal.changed === 0)
        throw new Error(`the bench measures something else: ${JSON.stringify({ ...rehearsal, groups: [] })}`);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000_000;
    };
    const what = `${decisions} past decisions made anew`;
    return [
      { what: `${what}, by rules about tools`, rounds: [await seconds(byClass)], unit: 's', goal: '60 s' },
      {
        what: `${what}, by a rule about arguments, all different`,
        rounds: [await seconds(byArgument)],
        unit: 's',
        goal: '60 s',
      },
    ];
  } finally {
    await policy.stop();
    await audit.stop();
  }
}
