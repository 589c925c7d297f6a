import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../cli/run.ts';
import { caller, closeCallers } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { goodPassword, invited, openBrowser } from '../signin.ts';

let ledger: Ledger;
let fairlead: Fairlead;
let agent: string;
let other: string;

beforeAll(async () => {
  ledger = openLedger();
  ledger.policy(
    'bounds.cedar',
    `@id("no-gold") forbid (principal, action == Action::"call", resource == Tool::"ledger.pay")
when { context.arguments has text && context.arguments.text like "*gold*" };
@id("ask-ops") @consent("approve") forbid (principal, action == Action::"callUnattended", resource == Tool::"ledger.set")
when { context.arguments has text && context.arguments.text like "*silver*" };`,
  );
  const projections = { 'ledger.pay': { text: '/text' }, 'ledger.set': { text: '/text' } };
  const rules = [{ of: { policies: ['ask-ops'] }, approvers: { teams: ['ops'] } }];
  fairlead = await startFairlead({ config: { ...ledger.config, projections, approvals: { rules } } });
  agent = await fairlead.makeKey(['operator'], { scopes: ['tools:read', 'tools:call'] });
  other = await fairlead.makeKey(['operator']);
}, 120_000);
afterAll(async () => {
  await closeCallers();
  await fairlead?.stop();
  ledger?.remove();
});

const patience = { timeout: 60_000, interval: 100 };

async function call(tool: string, args: object, key = agent, headers: Record<string, string> = {}) {
  const response = await fairlead.request(`/api/v1/tools/${tool}/call`, { key, json: { arguments: args }, headers });
  return { status: response.status, body: await response.json() };
}

async function ask(tool: string, args: object, key = agent): Promise<string> {
  const { status, body } = await call(tool, args, key);
  expect([status, body.outcome]).toEqual([202, 'pending_approval']);
  return body.result.structuredContent.approvalId;
}

async function decide(id: string, decision: string, key = other, comment?: string, more: object = {}) {
  const json = { decision, ...(comment ? { comment } : {}), ...more };
  const response = await fairlead.request(`/api/v1/approvals/${id}/decision`, { key, json });
  return { status: response.status, body: await response.json() };
}

async function show(id: string, key = other) {
  return await (await fairlead.request(`/api/v1/approvals/${id}`, { key })).json();
}

const stateOf = async (id: string) => (await show(id)).state;

async function result(id: string, key = agent, wait = 0) {
  return (await call('fairlead.approval_result', { approval_id: id, wait_seconds: wait }, key)).body;
}

describe('a call that needs consent', () => {
  it('is parked and answered at once, made once it is approved, and its result told to who asked alone [CO-1]', async () => {
    const { status, body } = await call('ledger.pay', { text: 'rent' });
    expect(status).toBe(202);
    const { approvalId: id, ...about } = body.result.structuredContent;
    expect(about).toMatchObject({
      status: 'pending_approval',
      kind: 'approve',
      tool: 'ledger.pay',
      callId: body.callId,
    });
    expect(body.result.content[0].text).toContain(id);
    expect(ledger.lines()).not.toContain('pay rent');
    expect((await result(id)).result.structuredContent).toMatchObject({ state: 'pending' });

    const listed = await (await fairlead.request('/api/v1/approvals?state=open', { key: other })).json();
    expect(listed.approvals.map((one: { id: string }) => one.id)).toContain(id);
    expect(await show(id)).toMatchObject({ arguments: { text: 'rent' }, rule: expect.stringContaining('ask-first') });
    expect(await decide(id, 'approve', other, 'agreed')).toMatchObject({ status: 200, body: { state: 'approved' } });

    const got = await result(id, agent, 50);
    expect(got).toMatchObject({ outcome: 'ok', result: { content: [{ text: 'wrote rent' }] } });
    expect(got.result._meta['dev.fairlead/approval']).toMatchObject({
      state: 'done',
      decisions: [{ decision: 'approve', comment: 'agreed' }],
    });
    expect(ledger.lines().filter((line) => line === 'pay rent')).toHaveLength(1);
    expect(await result(id, other)).toMatchObject({ outcome: 'denied', error: { category: 'not_found' } });
    expect((await call('fairlead.approval_status', { approval_id: id }, other)).body.outcome).toBe('denied');

    const { runCallId, callId } = await show(id);
    const made = await (await fairlead.request(`/api/v1/audit/${runCallId}`)).json();
    expect(made).toMatchObject({ outcome: 'ok', tool: 'ledger.pay', parentCallId: callId });
    const asked = await (await fairlead.request(`/api/v1/audit/${callId}`)).json();
    expect(asked).toMatchObject({ outcome: 'pending_approval' });
    const { records } = await (await fairlead.request(`/api/v1/audit?kind=act`)).json();
    const acts = records
      .filter((one: { subject?: string }) => one.subject === id)
      .map((one: { action: string }) => one.action);
    expect(acts.sort()).toEqual(['approvals.decide', 'approvals.ended']);
  }, 120_000);

  it('is told to MCP clients of both eras as a result, which tools with an output schema mark as none of theirs [CO-1]', async () => {
    for (const era of ['sessions', 'modern'] as const) {
      const client = await caller(fairlead, era, { key: agent });
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['approval_status', 'approval_result']));
      const plain = await client.callTool({ name: 'ledger_pay', arguments: { text: `by ${era}` } });
      expect(plain.isError).toBeFalsy();
      const id = (plain.structuredContent as { approvalId: string }).approvalId;
      expect(plain._meta?.['dev.fairlead/approval']).toMatchObject({ approvalId: id });
      const typed = await client.callTool({ name: 'ledger_typed', arguments: { text: `by ${era}` } });
      expect(typed.isError).toBe(true);
      expect(await decide(id, 'approve')).toMatchObject({ status: 200 });
      const got = await client.callTool({ name: 'approval_result', arguments: { approval_id: id, wait_seconds: 50 } });
      expect(got.content).toEqual([{ type: 'text', text: `wrote by ${era}` }]);
    }
  }, 120_000);

  it('is one approval however often it is asked for while that is open [CO-1]', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => ask('ledger.pay', { text: 'again' })));
    expect(new Set(ids).size).toBe(1);
    expect(await ask('ledger.pay', { text: 'again' }, other)).not.toBe(ids[0]);
    await decide(ids[0] ?? '', 'reject');
    expect(await ask('ledger.pay', { text: 'again' })).not.toBe(ids[0]);
  }, 60_000);

  it('with an idempotency key stays one approval, also when it is over [CO-1]', async () => {
    const key = { 'idempotency-key': 'pay-once' };
    const first = await call('ledger.pay', { text: 'keyed' }, agent, key);
    const id = first.body.result.structuredContent.approvalId;
    await decide(id, 'approve');
    await expect.poll(() => stateOf(id), patience).toBe('done');
    const again = await call('ledger.pay', { text: 'keyed' }, agent, key);
    expect(again.body.result.structuredContent).toMatchObject({ approvalId: id, state: 'done' });
    expect(ledger.lines().filter((line) => line === 'pay keyed')).toHaveLength(1);
  }, 90_000);

  it('is refused where nobody could come back for its result, or the question is not one for a tool [CO-1]', async () => {
    const id = await ask('ledger.pay', { text: 'free of it' });
    expect(await call('ledger.free', { text: 'no consent' })).toMatchObject({ status: 200 });
    expect(await call('fairlead.approval_result', { approval_id: 'apr_nothing' })).toMatchObject({ status: 404 });
    expect(await stateOf(id)).toBe('pending');
  });

  it('that the tool itself fails is done, with the error of the tool as its result [CO-1]', async () => {
    const id = await ask('ledger.pay', { text: 'bad', fail: true });
    await decide(id, 'approve');
    const got = await result(id, agent, 50);
    expect(got).toMatchObject({ outcome: 'tool_error', result: { isError: true, content: [{ text: 'wrote bad' }] } });
    expect(await show(id)).toMatchObject({ state: 'done', outcome: 'tool_error' });
  }, 60_000);
});

describe('a decision', () => {
  it('is taken once however many decide at once, and the call is made once [CO-2] [CO-3]', async () => {
    const id = await ask('ledger.pay', { text: 'contested' });
    const keys = await Promise.all(Array.from({ length: 6 }, () => fairlead.makeKey(['admin'])));
    const answers = await Promise.all(keys.map((key, at) => decide(id, at % 2 ? 'approve' : 'reject', key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
    const won = answers.find(({ status }) => status === 200)?.body.state;
    const { decisions } = await show(id);
    expect(decisions).toHaveLength(1);
    if (won === 'approved') await expect.poll(() => stateOf(id), patience).toBe('done');
    expect(ledger.lines().filter((line) => line === 'pay contested')).toHaveLength(won === 'approved' ? 1 : 0);
  }, 90_000);

  it('is not for who asked, by whichever organisation they come either [CO-2]', async () => {
    await fairlead.request('/api/v1/orgs', { json: { id: 'branch', name: 'Branch' } });
    const world = { role: 'admin' as const };
    const { id: userId } = await invited(fairlead, 'both@example.com', world);
    const link = (
      await (
        await fairlead.request('/api/v1/users/invitations?org=branch', {
          json: { email: 'both@example.com', ...world },
        })
      ).json()
    ).link;
    await (await openBrowser(fairlead.url).open(link)).submit({ password: goodPassword });
    const keyIn = async (org: string) => {
      const json = { name: `both in ${org}`, roles: ['admin'], userId };
      return (await (await fairlead.request(`/api/v1/keys?org=${org}`, { json })).json()).secret as string;
    };
    const [here, there] = [await keyIn('default'), await keyIn('branch')];
    await fairlead.request('/api/v1/policies/asks?org=branch', {
      method: 'PUT',
      json: {
        text: '@id("asks") forbid (principal, action == Action::"callUnattended", resource) when { resource.name == "run_tools" };',
      },
    });
    const parked = await fairlead.request('/api/v1/tools/fairlead.run_tools/call', {
      key: there,
      json: {
        arguments: { steps: [{ id: 'a', tool: 'fairlead.approval_status', arguments: { approval_id: 'apr_x' } }] },
      },
    });
    const id = (await parked.json()).result?.structuredContent?.approvalId;
    expect(id).toMatch(/^apr_/);
    const decided = await fairlead.request(`/api/v1/approvals/${id}/decision?org=branch`, {
      key: here,
      json: { decision: 'approve' },
    });
    expect([decided.status, (await decided.json()).code]).toEqual([403, 'SELF_APPROVAL']);
  }, 60_000);

  it('is not for who asked, nor for who lacks the right, and others are not told of it [CO-2]', async () => {
    const own = await ask('ledger.pay', { text: 'mine' }, other);
    expect(await decide(own, 'approve', other)).toMatchObject({ status: 403, body: { code: 'SELF_APPROVAL' } });
    const developer = await fairlead.makeKey(['developer']);
    expect(await decide(own, 'approve', developer)).toMatchObject({ status: 404 });
    expect(await decide(own, 'approve', agent)).toMatchObject({ status: 404 });
    const { approvals } = await (await fairlead.request('/api/v1/approvals', { key: developer })).json();
    expect(approvals).toEqual([]);
    const mine = await ask('ledger.pay', { text: 'agents' });
    expect(await show(mine, agent)).toMatchObject({ id: mine }); // it may look at its own
    expect(await decide(mine, 'approve', agent)).toMatchObject({ status: 403 });
    expect(
      await decide(mine, 'approve', await fairlead.makeKey(['operator'], { scopes: ['tools:call'] })),
    ).toMatchObject({
      status: 404,
    });
    expect(ledger.lines().filter((line) => line === 'pay mine' || line === 'pay agents')).toEqual([]);
  }, 60_000);

  it('to confirm is not given by the agent that asks [CO-1]', async () => {
    const id = await ask('ledger.set', { text: 'confirmed' }, other);
    expect(await show(id)).toMatchObject({ kind: 'confirm' });
    expect(await decide(id, 'approve', other)).toMatchObject({ status: 403, body: { code: 'SELF_APPROVAL' } });
    expect(await decide(id, 'approve', fairlead.adminKey)).toMatchObject({ status: 200 });
    await expect.poll(() => stateOf(id), patience).toBe('done');
  }, 60_000);

  it('can be put off with a comment and taken later [CO-2]', async () => {
    const id = await ask('ledger.pay', { text: 'later' });
    expect(await decide(id, 'defer', other, 'after lunch')).toMatchObject({ body: { state: 'deferred' } });
    const { body } = await call('fairlead.approval_status', { approval_id: id });
    expect(body.result.structuredContent).toMatchObject({
      state: 'deferred',
      decisions: [{ decision: 'defer', comment: 'after lunch' }],
    });
    expect(await decide(id, 'reject')).toMatchObject({ body: { state: 'rejected' } });
    expect(await result(id)).toMatchObject({
      outcome: 'tool_error',
      result: { structuredContent: { state: 'rejected' } },
    });
  }, 60_000);

  it('by the command line shows, approves and rejects [CO-2]', async () => {
    const cli = (...args: string[]) => run(args, { env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: other } });
    const id = await ask('ledger.pay', { text: 'from a terminal' });
    const no = await ask('ledger.pay', { text: 'not from a terminal' });
    expect((await cli('approvals', 'list')).stdout).toContain(id);
    expect((await cli('approvals', 'show', id)).stdout).toContain('from a terminal');
    expect(await cli('approvals', 'approve', id, '--comment', 'fine')).toMatchObject({ code: 0, stderr: '' });
    expect(await cli('approvals', 'reject', no)).toMatchObject({ code: 0 });
    expect((await cli('approvals', 'approve', no)).stderr).toContain('rejected');
    await expect.poll(() => stateOf(id), patience).toBe('done');
    expect((await cli('approvals', 'list', '--all')).stdout).toMatch(new RegExp(`${no} +rejected`));
    expect(ledger.lines()).toContain('pay from a terminal');
    expect(ledger.lines()).not.toContain('pay not from a terminal');
  }, 90_000);
});

describe('changed arguments', () => {
  const edit = (id: string, args: unknown, more: object = {}) =>
    decide(id, 'approve', other, undefined, { arguments: args, ...more });

  it('are called in place of those that were asked for, and both are told to everybody [CO-2]', async () => {
    const id = await ask('ledger.pay', { text: 'a thousand' });
    expect(await edit(id, { text: 'a hundred' })).toMatchObject({ status: 200, body: { state: 'approved' } });
    const got = await result(id, agent, 50);
    expect(got).toMatchObject({ outcome: 'ok', result: { content: [{ text: 'wrote a hundred' }, {}] } });
    expect(got.result.content[1].text).toContain('changed its arguments');
    expect(got.result.content[1].text).toContain('a hundred');
    expect(got.result._meta['dev.fairlead/approval']).toMatchObject({
      edited: { asked: { text: 'a thousand' }, approved: { text: 'a hundred' } },
      decisions: [{ decision: 'approve', edited: true }],
    });
    expect(ledger.lines()).toContain('pay a hundred');
    expect(ledger.lines()).not.toContain('pay a thousand');

    const shown = await show(id);
    expect(shown).toMatchObject({ arguments: { text: 'a thousand' }, editedArguments: { text: 'a hundred' } });
    expect(shown.editedDigest).not.toBe(shown.argumentDigest);
    const { records } = await (await fairlead.request('/api/v1/audit?kind=act')).json();
    const own = records.filter((one: { subject?: string }) => one.subject === id);
    expect(own).toHaveLength(2);
    for (const { detail } of own)
      expect(detail).toMatchObject({ argumentDigest: shown.argumentDigest, editedDigest: shown.editedDigest });
    expect(JSON.stringify(own)).not.toContain('a hundred');
    const calls = await (await fairlead.request('/api/v1/audit?kind=call')).json();
    const children = calls.records.filter((one: { parentCallId?: string }) => one.parentCallId === shown.callId);
    // The look at the changed arguments, and the call that was made.
    expect(children.map((one: { outcome: string }) => one.outcome).sort()).toEqual(['ok', 'pending_approval']);
  }, 90_000);

  it('have to get through as a call of who asked would, or nothing is decided [CO-2]', async () => {
    const id = await ask('ledger.pay', { text: 'careful' });
    const refused = { status: 400, body: { code: 'EDIT_REFUSED' } };
    expect(await edit(id, { text: 7 })).toMatchObject(refused);
    expect(await edit(id, {})).toMatchObject(refused);
    expect(await edit(id, { text: 'pure gold' })).toMatchObject(refused);
    expect(JSON.stringify((await edit(id, { text: 'pure gold' })).body)).toContain('no-gold');
    expect((await decide(id, 'reject', other, undefined, { arguments: { text: 'no' } })).status).toBe(400);
    expect(await edit(id, { text: 'fine' }, { seen: 'something else' })).toMatchObject({
      status: 409,
      body: { code: 'APPROVAL_CHANGED' },
    });
    expect(await stateOf(id)).toBe('pending');
    expect((await show(id)).editedArguments).toBeUndefined();
    // The same in other words is no change.
    expect(await edit(id, { text: 'careful' })).toMatchObject({ status: 200 });
    expect((await result(id, agent, 50)).result.content).toEqual([{ type: 'text', text: 'wrote careful' }]);

    const others = await ask('ledger.set', { text: 'tin' });
    expect(await edit(others, { text: 'silver' })).toMatchObject({ status: 403, body: { code: 'EDIT_NEEDS_OTHERS' } });
    expect(await stateOf(others)).toBe('pending');
  }, 90_000);

  it('come from a file on the command line [CO-2]', async () => {
    const cli = (args: string[], input = '') =>
      run(args, { env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: other }, input });
    const id = await ask('ledger.pay', { text: 'too much' });
    expect((await cli(['approvals', 'approve', id, '--arguments', '-'], '[1]')).stderr).toContain(
      'must be a JSON object',
    );
    const made = await cli(['approvals', 'approve', id, '--arguments', '-'], '{"text":"by terminal"}');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    await expect.poll(() => stateOf(id), patience).toBe('done');
    const { stdout } = await cli(['approvals', 'show', id]);
    expect(stdout).toMatch(/too much[\s\S]*Changed by who decides[\s\S]*by terminal/);
    expect(stdout).toContain('with other arguments');
  }, 90_000);
});

describe('an approval', () => {
  it('does not count for a caller whose key was revoked meanwhile [CO-2]', async () => {
    const gone = await fairlead.makeKey(['operator']);
    const id = await ask('ledger.pay', { text: 'revoked' }, gone);
    const { asker } = await show(id);
    const revoked = await fairlead.request(`/api/v1/keys/${asker.id.slice('key:'.length)}`, { method: 'DELETE' });
    expect(revoked.ok).toBe(true);
    await decide(id, 'approve');
    await expect.poll(() => show(id), patience).toMatchObject({ state: 'void', reason: /may not call/ });
    expect(ledger.lines()).not.toContain('pay revoked');
  }, 60_000);

  it('does not count under other policies than it was asked for under [CO-2]', async () => {
    const id = await ask('ledger.pay', { text: 'other rules' });
    const text = '@id("harmless") forbid (principal, action, resource == Tool::"ledger.nothing");';
    expect((await fairlead.request('/api/v1/policies/harmless', { method: 'PUT', json: { text } })).status).toBe(200);
    await decide(id, 'approve');
    await expect.poll(() => show(id), patience).toMatchObject({ state: 'void', reason: /policies have changed/ });
    expect(await result(id)).toMatchObject({ result: { isError: true, structuredContent: { state: 'void' } } });
    const waiting = await ask('ledger.pay', { text: 'before' });
    await fairlead.request('/api/v1/policies/harmless', { method: 'DELETE' });
    // Nobody is asked to decide on what would be refused then.
    await expect.poll(() => show(waiting), patience).toMatchObject({ state: 'void', reason: /policies have changed/ });
    expect(await decide(waiting, 'approve')).toMatchObject({ status: 409 });
    expect(ledger.lines()).not.toContain('pay other rules');
  }, 60_000);

  it('does not count for a tool that is defined otherwise by now [CO-2]', async () => {
    const id = await ask('ledger.pay', { text: 'redefined' });
    const waiting = await ask('ledger.pay', { text: 'redefined, too' });
    expect(await call('ledger.free', { text: 'change', about: 'It pays twice.' })).toMatchObject({ status: 200 });
    for (const one of [id, waiting])
      await expect.poll(() => show(one), patience).toMatchObject({ state: 'void', reason: /tool has changed/ });
    expect(await decide(id, 'approve')).toMatchObject({ status: 409, body: { code: 'APPROVAL_DECIDED' } });
    expect(ledger.lines().filter((line) => line.includes('redefined'))).toEqual([]);
  }, 60_000);

  it('ends by itself when nobody decides in time [CO-2]', async () => {
    const { db } = fairlead.running.house.database;
    const id = await ask('ledger.pay', { text: 'too late' });
    const tables = db.withTables<{ approvals: { id: string; expires_at: number } }>();
    await tables
      .updateTable('approvals')
      .set({ expires_at: Date.now() - 1 })
      .where('id', '=', id)
      .execute();
    expect(await decide(id, 'approve')).toMatchObject({ status: 409, body: { code: 'APPROVAL_DECIDED' } });
    await expect.poll(() => stateOf(id), patience).toBe('expired');
    expect(await ask('ledger.pay', { text: 'too late' })).not.toBe(id);
    expect(ledger.lines()).not.toContain('pay too late');
  }, 60_000);

  it('of an organisation is not there for another [CO-2]', async () => {
    const id = await ask('ledger.pay', { text: 'ours' });
    expect((await fairlead.request('/api/v1/orgs', { json: { id: 'elsewhere', name: 'Elsewhere' } })).ok).toBe(true);
    const stranger = await fairlead.makeKey(['admin'], { org: 'elsewhere' });
    expect((await fairlead.request(`/api/v1/approvals/${id}`, { key: stranger })).status).toBe(404);
    expect(await decide(id, 'approve', stranger)).toMatchObject({ status: 404 });
  }, 60_000);
});
