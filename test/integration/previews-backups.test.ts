import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../cli/run.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { invited } from '../signin.ts';

// What is done beside a call that needs consent: shown before somebody decides, and saved before it is made.

let ledger: Ledger;
let fairlead: Fairlead;
let agent: string;
let decider: string;

beforeAll(async () => {
  ledger = openLedger();
  ledger.policy(
    'careful.cedar',
    `@id("not-without-a-look")
forbid (principal, action == Action::"callUnattended", resource == Tool::"ledger.bill")
unless { context.arguments has dry && context.arguments.dry };
@id("not-kept")
forbid (principal, action == Action::"callUnattended", resource)
when { resource in [Tool::"ledger.keep", Tool::"knowledge.sync"] };
@id("nobody-saves-alone")
forbid (principal, action == Action::"callUnattended", resource == Tool::"ledger.save")
when { principal.kind != "system" };`,
  );
  const text = { text: { from: '/text' } };
  fairlead = await startFairlead({
    config: {
      ...ledger.config,
      knowledge: { collections: { handbook: {} } },
      projections: { 'ledger.bill': { dry: 'bool:/dryRun' } },
      approvals: {
        previews: [
          { of: { tools: ['ledger.pay'] }, tool: 'ledger.diff', timeoutSeconds: 5 },
          { of: { tools: ['ledger.bill', 'ledger.keep'] }, set: { dryRun: true } },
          { of: { tools: ['ledger.typed'] }, tool: 'ledger.free' },
          { of: { tools: ['ledger.set'] }, tool: 'ledger.diff', arguments: { text: { value: '*'.repeat(40_000) } } },
        ],
        backups: [
          { of: { tools: ['ledger.pay'] }, tool: 'ledger.save', id: '/saved/id', as: 'house' },
          { of: { tools: ['ledger.bill'] }, tool: 'ledger.save', id: '/saved/id', arguments: text },
          { of: { tools: ['ledger.typed'] }, tool: 'ledger.free', id: '/id', arguments: text, required: false },
          { of: { tools: ['ledger.set'] }, tool: 'ledger.free', id: '/id', arguments: text },
        ],
      },
    },
  });
  agent = await fairlead.makeKey(['operator'], { scopes: ['tools:read', 'tools:call'] });
  decider = await fairlead.makeKey(['operator']);
}, 240_000);
afterAll(async () => {
  await fairlead?.stop();
  ledger?.remove();
});

const patience = { timeout: 60_000, interval: 100 };

async function call(tool: string, args: object, key = agent) {
  const response = await fairlead.request(`/api/v1/tools/${tool}/call`, { key, json: { arguments: args } });
  return await response.json();
}

async function ask(tool: string, args: object): Promise<string> {
  return (await call(tool, args)).result.structuredContent.approvalId;
}

const show = async (id: string) => await (await fairlead.request(`/api/v1/approvals/${id}`, { key: decider })).json();

async function previewOf(id: string) {
  await expect.poll(async () => (await show(id)).preview?.state, patience).toMatch(/^(shown|none)$/);
  return (await show(id)).preview;
}

async function madeOf(id: string) {
  const json = { decision: 'approve' };
  await fairlead.request(`/api/v1/approvals/${id}/decision`, { key: decider, json });
  await expect.poll(async () => (await show(id)).state, patience).toMatch(/^(done|failed)$/);
  return await show(id);
}

const record = async (id: string) => await (await fairlead.request(`/api/v1/audit/${id}`)).json();

describe('a preview', () => {
  it('is made by who asked, beside the call that waits, and shown with it everywhere [CO-4]', async () => {
    const id = await ask('ledger.pay', { text: 'rent' });
    const preview = await previewOf(id);
    expect(preview).toMatchObject({ state: 'shown', tool: 'ledger.diff', text: 'wrote rent' });
    const { callId, asker } = await show(id);
    expect(await record(preview.callId)).toMatchObject({
      tool: 'ledger.diff',
      outcome: 'ok',
      parentCallId: callId,
      principal: { id: asker.id },
      arguments: { text: 'rent' },
    });
    expect(ledger.lines()).toEqual(['diff rent']);
    const shown = await run(['approvals', 'show', id], { env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: decider } });
    expect(shown.stdout).toContain('What it would change, by ledger.diff:\n| wrote rent');
    expect(shown.stdout).toMatch(/backup +is made by ledger.save before the call/);
    const kim = await invited(fairlead, 'kim@example.com', { role: 'operator' });
    await kim.browser.open(`/auth/approvals/${id}`);
    expect(kim.browser.page.text).toContain('wrote rent');
    const { rows } = await fairlead.running.house.database.pool.query('select * from approvals where id = $1', [id]);
    expect(JSON.stringify(rows)).not.toContain('wrote rent');
  }, 120_000);

  it('by a dry run of the tool itself runs no more than that, and only where the tool has one [CO-4]', async () => {
    expect(await previewOf(await ask('ledger.bill', { text: 'a lot' }))).toMatchObject({ text: 'would write a lot' });
    expect(await previewOf(await ask('ledger.keep', { text: 'it' }))).toMatchObject({
      state: 'none',
      reason: 'the tool has no parameter dryRun',
    });
    // Tools of our own bring theirs along.
    const own = await call('knowledge.sync', { collection: 'handbook' });
    const { approvalId } = own.result.structuredContent;
    expect(await previewOf(approvalId)).toMatchObject({ state: 'shown', tool: 'knowledge.sources' });
    expect(ledger.lines().filter((line) => /bill|keep/.test(line))).toEqual([]);
  }, 60_000);

  it('that fails, takes too long, or may change something is none, and says why [CO-4]', async () => {
    const failed = ask('ledger.pay', { text: 'bad', fail: true });
    const slow = ask('ledger.pay', { text: 'slow', ms: 60_000 });
    const writing = ask('ledger.typed', { text: 'typed' });
    expect(await previewOf(await failed)).toMatchObject({ state: 'none', reason: 'wrote bad', tool: 'ledger.diff' });
    expect(await previewOf(await writing)).toMatchObject({ reason: 'the tool is not known to be read-only' });
    expect((await previewOf(await slow)).reason).toMatch(/time|deadline|within/i);
    expect(ledger.lines()).not.toContain('free typed');
    expect((await show(await slow)).state).toBe('pending');
  }, 60_000);

  it('is cut where it is long, and counts for nobody who may not call what shows it [CO-4]', async () => {
    const cut = await previewOf(await ask('ledger.set', { text: 'long' }));
    expect([cut.cut, cut.text.length]).toEqual([true, 32 * 1024]);
    const text = '@id("no-look") forbid (principal, action == Action::"call", resource == Tool::"ledger.diff");';
    await fairlead.request('/api/v1/policies/no-look', { method: 'PUT', json: { text } });
    const hidden = await previewOf(await ask('ledger.pay', { text: 'hidden' }));
    await fairlead.request('/api/v1/policies/no-look', { method: 'DELETE' });
    expect(hidden).toMatchObject({ state: 'none', reason: expect.stringMatching(/diff/) });
    expect(ledger.lines()).not.toContain('diff hidden');
  }, 60_000);
});

describe('a backup', () => {
  it('is made after the consent and before the call, and its id stands in approval, audit and answer [CO-4]', async () => {
    const id = await ask('ledger.pay', { text: 'saved first' });
    await previewOf(id);
    const { backup, runCallId, state } = await madeOf(id);
    expect([state, backup]).toEqual([
      'done',
      { tool: 'ledger.save', id: 'save of saved first', callId: expect.any(String) },
    ]);
    expect(ledger.lines().filter((line) => line.endsWith('saved first'))).toEqual([
      'diff saved first',
      'save saved first',
      'pay saved first',
    ]);
    expect(await record(backup.callId)).toMatchObject({ parentCallId: runCallId, principal: { id: 'system' } });
    expect(await record(runCallId)).toMatchObject({ tool: 'ledger.pay', outcome: 'ok', backup });
    const { result } = await call('fairlead.approval_result', { approval_id: id });
    expect(result._meta['dev.fairlead/approval']).toMatchObject({ backup: { id: 'save of saved first' } });
    const { records } = await (await fairlead.request('/api/v1/audit?kind=act')).json();
    expect(
      records.find(({ subject, action }: Record<string, string>) => subject === id && action === 'approvals.ended'),
    ).toMatchObject({
      detail: { backup: 'save of saved first' },
    });
  }, 60_000);

  it('that fails keeps the call from being made, by whose rights it failed, unless the file lets it pass [CO-4]', async () => {
    // The caller may save only with consent, and a backup waits for none.
    const id = await ask('ledger.bill', { text: 'not alone' });
    expect(await madeOf(id)).toMatchObject({
      state: 'failed',
      outcome: 'failed',
      reason: expect.stringMatching(/was not made, since the backup .* by ledger.save was not: .*only with consent/),
      backup: { tool: 'ledger.save', failed: expect.stringContaining('backup of another call') },
    });
    const failing = await madeOf(await ask('ledger.pay', { text: 'unsaved', fail: true }));
    expect(failing).toMatchObject({ state: 'failed', reason: expect.stringContaining('wrote unsaved') });
    const without = await madeOf(await ask('ledger.set', { text: 'without id' }));
    expect(without).toMatchObject({ state: 'failed', reason: expect.stringContaining('no id at /id') });
    const { result } = await call('fairlead.approval_result', { approval_id: id });
    expect(result).toMatchObject({ isError: true, structuredContent: { outcome: 'failed', reason: /backup/ } });
    expect(failing.outcomeUnknown).toBeUndefined();
    const optional = await madeOf(await ask('ledger.typed', { text: 'anyway' }));
    expect(optional).toMatchObject({ state: 'done', backup: { failed: 'its result has no id at /id' } });
    expect(ledger.lines()).toContain('typed anyway');
    for (const line of ['bill not alone', 'pay unsaved', 'set without id']) expect(ledger.lines()).not.toContain(line);
  }, 90_000);
});
