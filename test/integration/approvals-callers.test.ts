import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallerEra, caller, closeCallers } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { invited } from '../signin.ts';

// Callers who are there while a call waits for consent: they are asked, or wait for what others say.

let ledger: Ledger;
let fairlead: Fairlead;
let agent: string;
let other: string;
const eras = ['sessions', 'modern'] as const;

beforeAll(async () => {
  ledger = openLedger();
  const { upstreams } = ledger.config as { upstreams: { ledger: object } };
  const rules = [{ of: { policies: ['override:endpoint'] }, twoPersons: true }];
  fairlead = await startFairlead({
    config: {
      ...ledger.config,
      upstreams: {
        ledger: { ...upstreams.ledger, tools: { free: { consent: 'confirm' }, typed: { consent: 'approve' } } },
      },
      endpoints: {
        careful: { tools: { 'ledger.free': { consent: 'approve' } } },
        lax: { tools: { 'ledger.typed': { consent: 'confirm' }, 'ledger.set': { consent: 'approve' } } },
      },
      approvals: { rules },
    },
  });
  const { id: userId } = await invited(fairlead, 'pat@example.com', { role: 'operator' });
  const json = { name: 'agent of pat', roles: ['operator'], scopes: ['tools:read', 'tools:call'], userId };
  agent = (await (await fairlead.request('/api/v1/keys', { json })).json()).secret;
  other = await fairlead.makeKey(['operator']);
}, 120_000);
afterAll(async () => {
  await closeCallers();
  await fairlead?.stop();
  ledger?.remove();
});

type Answer = { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, boolean> };

/** A client in front of which somebody sits, and what that one was asked. */
async function personAt(era: CallerEra, answers: Answer[], key = agent): Promise<{ client: Client; asked: string[] }> {
  const client = await caller(fairlead, era, {
    key,
    options: {
      capabilities: { elicitation: { form: {} } },
      versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
    },
  });
  const asked: string[] = [];
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    asked.push(params.message);
    return answers.shift() ?? { action: 'cancel' };
  });
  return { client, asked };
}

const idOf = (result: { structuredContent?: unknown }) =>
  (result.structuredContent as { approvalId: string }).approvalId;
const show = async (id: string) => (await fairlead.request(`/api/v1/approvals/${id}`)).json();
const decide = (id: string, decision: string) =>
  fairlead.request(`/api/v1/approvals/${id}/decision`, { key: other, json: { decision } });
const linesWith = (text: string) => ledger.lines().filter((line) => line.endsWith(` ${text}`));
const newest = async () => {
  const { approvals } = await (await fairlead.request('/api/v1/approvals?state=open&limit=1')).json();
  return approvals[0]?.id as string | undefined;
};

describe.each(eras)('a caller of the era %s', (era) => {
  it('is asked to confirm where it can be, and a yes makes the call [CO-1]', async () => {
    const { client, asked } = await personAt(era, [{ action: 'accept', content: { consent: true } }]);
    const text = `yes \u202e by ${era}`;
    const result = await client.callTool({ name: 'ledger_set', arguments: { text } });
    expect(result.content).toEqual([{ type: 'text', text: `wrote ${text}` }]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('ledger.set');
    expect(asked[0]).toContain(`yes \\u{202e} by ${era}`);
    expect(linesWith(text)).toHaveLength(1);
    const { approvals } = await (await fairlead.request('/api/v1/approvals?limit=1')).json();
    const shown = await show(approvals[0].id);
    expect(shown).toMatchObject({
      state: 'done',
      outcome: 'ok',
      decisions: [{ decision: 'approve', via: 'elicitation' }],
    });
    const { records } = await (await fairlead.request('/api/v1/audit?kind=act')).json();
    const act = records.find(
      (one: { subject?: string; action: string }) => one.subject === shown.id && one.action === 'approvals.decide',
    );
    expect(act).toMatchObject({ outcome: 'ok', principal: { id: shown.asker.id }, detail: { via: 'elicitation' } });
  }, 60_000);

  it('that says no has it rejected, and that says nothing leaves it to be decided [CO-1]', async () => {
    const no = await personAt(era, [{ action: 'decline' }, { action: 'accept', content: { consent: false } }]);
    for (const text of [`declined by ${era}`, `no by ${era}`]) {
      const result = await no.client.callTool({ name: 'ledger_set', arguments: { text } });
      expect(result).toMatchObject({ isError: true, structuredContent: { state: 'rejected' } });
      expect(linesWith(text)).toEqual([]);
    }
    const silent = await personAt(era, [{ action: 'cancel' }]);
    const text = `left by ${era}`;
    const left = await silent.client.callTool({ name: 'ledger_set', arguments: { text } });
    expect(left.structuredContent).toMatchObject({ status: 'pending_approval', state: 'pending' });
    expect(linesWith(text)).toEqual([]);
    expect((await decide(idOf(left), 'approve')).status).toBe(200);
    await expect.poll(async () => (await show(idOf(left))).state).toBe('done');
  }, 60_000);

  it('is not asked where no person is behind its key: a program would consent to itself [CO-1]', async () => {
    const { client, asked } = await personAt(era, [{ action: 'accept', content: { consent: true } }], other);
    const result = await client.callTool({ name: 'ledger_set', arguments: { text: `by itself, ${era}` } });
    expect(result.structuredContent).toMatchObject({ status: 'pending_approval', state: 'pending' });
    expect(asked).toEqual([]);
  }, 60_000);

  it('is never asked where it takes somebody else, or where it shows too much to be read [CO-1]', async () => {
    const { client, asked } = await personAt(era, []);
    for (const [name, text] of [
      ['ledger_pay', `pay by ${era}`],
      ['ledger_set', `${era} ${'long '.repeat(1_000)}`],
    ] as const) {
      const result = await client.callTool({ name, arguments: { text } });
      expect(result.structuredContent).toMatchObject({ state: 'pending' });
    }
    expect(asked).toEqual([]);
  }, 60_000);

  it('that wants to wait is told that it waits, and gets the result when it comes [CO-1]', async () => {
    const client = await caller(fairlead, era, { key: agent });
    const call = (text: string) => {
      const told: string[] = [];
      const result = client.callTool(
        { name: 'ledger_pay', arguments: { text }, _meta: { 'dev.fairlead/wait': 60 } },
        { onprogress: ({ message }) => told.push(message ?? '') },
      );
      return { result, told };
    };
    const yes = call(`waited for by ${era}`);
    await expect.poll(() => yes.told).toEqual([expect.stringMatching(/^Waits for consent, at http/)]);
    expect((await decide((await newest()) ?? '', 'approve')).status).toBe(200);
    expect((await yes.result).content).toEqual([{ type: 'text', text: `wrote waited for by ${era}` }]);
    const no = call(`refused by ${era}`);
    await expect.poll(() => no.told.length).toBe(1);
    await decide((await newest()) ?? '', 'reject');
    expect(await no.result).toMatchObject({ isError: true, structuredContent: { state: 'rejected' } });
    expect(linesWith(`refused by ${era}`)).toEqual([]);
  }, 90_000);
});

describe('a setting of a tool', () => {
  const ask = async (tool: string, endpoint?: string) => {
    const json = { arguments: { text: `${tool} ${endpoint}` }, ...(endpoint ? { endpoint } : {}) };
    const { status, body } = await fairlead
      .request(`/api/v1/tools/ledger.${tool}/call`, { key: agent, json })
      .then(async (response) => ({ status: response.status, body: await response.json() }));
    expect([status, body.outcome]).toEqual([202, 'pending_approval']);
    return body.result.structuredContent.approvalId as string;
  };

  it('asks for consent where no policy does, and for more than policy, never for less [CO-1]', async () => {
    const own = await ask('free');
    expect(await show(own)).toMatchObject({ kind: 'confirm', rule: 'override:upstream', needed: 1 });
    expect(await show(await ask('free', 'careful'))).toMatchObject({
      kind: 'approve',
      rule: 'override:endpoint',
      needed: 2,
    });
    const typed = await show(await ask('typed', 'lax'));
    expect(typed.kind).toBe('approve');
    expect(typed.rule).toMatch(/ask-first.*, override:upstream$/);
    const set = await show(await ask('set', 'lax'));
    expect(set.kind).toBe('approve');
    expect(set.rule).toMatch(/confirm-first.*, override:endpoint$/);
    expect((await decide(own, 'approve')).status).toBe(200);
    await expect.poll(async () => (await show(own)).state).toBe('done');
    expect(linesWith('free undefined')).toEqual(['free free undefined']);
  }, 60_000);

  it('in a plan ends the step with the approval that it waits for [CO-1]', async () => {
    const client = await caller(fairlead, 'modern', { key: agent });
    const steps = [{ id: 'pay', tool: 'ledger_pay', arguments: { text: 'planned' } }];
    const { structuredContent } = await client.callTool({ name: 'run_tools', arguments: { steps } });
    const { error } =
      (structuredContent as { steps: { error: { code: string; suggestedAction: string } }[] }).steps[0] ?? {};
    expect(error?.code).toBe('PLAN_STEP_OPEN');
    const id = /approval (apr_\w+)/.exec(error?.suggestedAction ?? '')?.[1] ?? '';
    expect(await show(id)).toMatchObject({ tool: 'ledger.pay', state: 'pending', arguments: { text: 'planned' } });
  }, 60_000);
});
