import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/index.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { run, temporaryHome } from './run.ts';

let fairlead: Fairlead;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-policies-'));
const home = temporaryHome();
const inputSchema = { type: 'object' };
const payments = listedUpstream([
  { name: 'refund', inputSchema },
  { name: 'balance', inputSchema, annotations: { readOnlyHint: true } },
]);
const projections = { 'payments.refund': { amount: 'long:/amount' } };

const rules = `// Money.
@id("small-refunds")
@description("Refunds up to 100.")
forbid (principal, action, resource == Tool::"payments.refund")
unless { context.arguments has amount && context.arguments.amount <= 100 };

@id("ask-first")
forbid (principal, action == Action::"callUnattended", resource == Tool::"payments.refund")
unless { principal in Team::"payments" };
`;
const cases = `
principals:
  ops: { roles: [operator] }
  paying: { roles: [operator], teams: [payments] }
cases:
  - { name: a small refund asks first, principal: ops, tool: payments.refund, arguments: { amount: 50 }, expect: consent, rule: 'money.cedar:ask-first' }
  - { name: the team does not ask, principal: paying, tool: payments.refund, arguments: { amount: 50 }, expect: allow }
  - { name: a large refund is refused, principal: paying, tool: payments.refund, arguments: { amount: 500 }, expect: deny, rule: 'money.cedar:small-refunds' }
  - { name: viewers do not see it, principal: { roles: [viewer] }, tool: payments.refund, expect: deny, listed: false }
`;
const tools = 'tools: { payments.refund: { destructive: true } }\n';

beforeAll(async () => {
  writeFileSync(join(folder, 'money.cedar'), rules);
  writeFileSync(join(folder, 'cases.yaml'), cases);
  writeFileSync(join(folder, 'with-tools.yaml'), tools + cases);
  writeFileSync(join(folder, 'fairlead.yaml'), `projections: ${JSON.stringify(projections)}\n`);
  fairlead = await startFairlead({ config: { upstreams: { payments }, projections, policies: { folder } } });
});
afterAll(async () => {
  await fairlead?.stop();
  rmSync(folder, { recursive: true, force: true });
  home.remove();
});

const cli = (...args: string[]) =>
  run(args, { cwd: folder, env: { ...home.env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });
/** Nothing of a server is known there. */
const offline = (...args: string[]) => run(args, { cwd: folder, env: home.env });

describe('policies test', () => {
  it('decides cases by what is in force on the server, with tools of the catalog [CO-8]', async () => {
    const ran = await cli('policies', 'test', 'cases.yaml');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('ok    cases.yaml: a small refund asks first');
    expect(ran.stdout).toMatch(/^4 of 4 cases are as expected, by policies sha256:[0-9a-f]{64}\.$/m);
  });

  it('decides them without a server by files, and the noun may be written as `policy` [CO-8]', async () => {
    for (const path of ['.', 'money.cedar']) {
      const ran = await offline('policy', 'test', 'with-tools.yaml', '--policy', path);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
    }
    // Without the folder nothing but the shipped rules is left.
    const shipped = await offline('policy', 'test', 'with-tools.yaml', '--offline', '--json');
    expect(shipped.code).toBe(1);
    const [{ results }] = JSON.parse(shipped.stdout).files;
    expect(results.map(({ ok }: { ok: boolean }) => ok)).toEqual([false, true, false, true]);
  });

  it('takes the cases of the examples [CO-8]', async () => {
    const examples = join(packageRoot, 'examples/policies');
    const files = ['cases.yaml', '--policy', 'money.cedar', '--config', 'fairlead.yaml'];
    const ran = await run(['policies', 'test', ...files], { cwd: examples, env: home.env });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('4 of 4 cases');
    // Beside another file, one that wants secrets which are not here: that of the policies counts.
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere, { recursive: true });
    const [url, key] = ['env:CRM_URL', 'vault:crm#key'].map((reference) => `\${${reference}}`);
    const wants = `upstreams: { crm: { url: "${url}", headers: { X-Key: "${key}" } } }\n`;
    writeFileSync(join(elsewhere, 'fairlead.yaml'), wants);
    const paths = [join(examples, 'cases.yaml'), '--policy', join(examples, 'money.cedar')];
    const beside = await run(['policies', 'test', ...paths], { cwd: elsewhere, env: home.env });
    expect(beside).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('4 of 4 cases') });
    // And a file whose policies are meant, but whose secrets are not here.
    writeFileSync(join(elsewhere, 'fairlead.yaml'), `${wants}${readFileSync(join(examples, 'fairlead.yaml'), 'utf8')}`);
    for (const more of [['--config', 'fairlead.yaml'], []]) {
      const own = await run(['policies', 'test', ...paths, ...more], { cwd: elsewhere, env: home.env });
      expect(own).toMatchObject({ code: 0, stderr: '' });
    }
    writeFileSync(join(elsewhere, 'fairlead.yaml'), 'projections: { payments.refund: 7 }\n');
    const faulty = await run(['policies', 'test', ...paths, '--config', 'fairlead.yaml'], {
      cwd: elsewhere,
      env: home.env,
    });
    expect(faulty).toMatchObject({ code: 2, stderr: expect.stringContaining('projections') });
  });

  it('shows a failure as a difference with what was looked at, in the report of CI as well [CO-8]', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), cases.replace('expect: allow', 'expect: consent'));
    const ran = await cli('policies', 'test', 'wrong.yaml', 'cases.yaml', '--junit', 'report.xml');
    expect(ran.code).toBe(1);
    const shown = ran.stdout.split('\n');
    const at = shown.indexOf('FAIL  wrong.yaml: the team does not ask');
    expect(shown.slice(at + 1, at + 3)).toEqual([
      '      - allowed with consent',
      '      + allowed, by shipped:operator',
    ]);
    expect(shown.slice(at + 3)).toContain('        principal.roles = ["operator"]');
    expect(ran.stdout).toContain('7 of 8 cases are as expected');
    const report = readFileSync(join(folder, 'report.xml'), 'utf8');
    expect(report).toContain('<testsuites tests="8" failures="1" errors="0">');
    expect(report).toContain('<testcase classname="wrong.yaml" name="the team does not ask">');
    expect(report).toContain('message="expected consent, was allow by shipped:operator"');
  });

  it('names every fault of a file, and what policies cannot know [CO-8]', async () => {
    writeFileSync(
      join(folder, 'faulty.yaml'),
      'cases:\n  - { name: x, principal: nobody, tool: payments.refund, expect: allow }\n  - { name: y, principal: {}, tool: payments.refund, expect: maybe, environment: { time: noon } }\n',
    );
    for (const ran of [
      await cli('policies', 'test', 'faulty.yaml'),
      await offline('policies', 'test', 'faulty.yaml', '--offline'),
    ]) {
      expect(ran.code).toBeGreaterThan(0);
      expect(ran.stderr).toContain('cases.1.expect');
      expect(ran.stderr).toContain('policies cannot read the time');
    }
    const unknown = await offline('policies', 'test', 'cases.yaml', '--policy', 'money.cedar');
    expect(unknown.code).toBe(1);
    expect(unknown.stdout).toContain('there is no tool payments.refund: describe it under "tools"');
    writeFileSync(join(folder, 'broken.txt'), 'forbid (principal');
    expect(await offline('policies', 'test', 'with-tools.yaml', '--policy', 'broken.txt')).toMatchObject({ code: 2 });
    expect(await offline('policies', 'test', 'with-tools.yaml', '--policy', 'nowhere')).toMatchObject({ code: 2 });
  });
});

describe('policies explain', () => {
  it('names the rules with file and line, what they looked at and what would have to differ [CO-8]', async () => {
    const refused = await cli('policies', 'explain', '-', 'payments.refund', 'amount:=500', '--role', 'operator');
    expect(refused).toMatchObject({ code: 0, stderr: '' });
    expect(refused.stdout).toContain('denied, by money.cedar:small-refunds; it is listed');
    expect(refused.stdout).toContain('forbid money.cedar:small-refunds (money.cedar:2): Refunds up to 100.');
    expect(refused.stdout).toContain('context.arguments.amount = 500');
    expect(refused.stdout).toContain('this must not apply:');

    const viewer = await cli('policies', 'explain', '-', 'payments.refund', 'amount:=5', '--role', 'viewer', '--json');
    const { decision, listed, hiddenBy, toAllow } = JSON.parse(viewer.stdout);
    expect({ decision, listed, hiddenBy }).toEqual({
      decision: 'deny',
      listed: false,
      hiddenBy: ['no policy permits it'],
    });
    const operator = toAllow.find(({ rule }: { rule: { name: string } }) => rule.name === 'shipped:operator');
    expect(operator).toMatchObject({
      need: 'permit',
      of: 'call',
      rule: { parts: [{ text: 'principal in Role::"operator"', holds: false }, { holds: true }] },
    });
    // A viewer's own rule fails on the tool, not on the role.
    const own = toAllow.find(({ rule }: { rule: { name: string } }) => rule.name === 'shipped:viewer');
    expect(own.rule.parts).toContainEqual({ text: 'when { resource.readOnly }', holds: false });

    const asked = await cli('policies', 'explain', 'me', 'payments.refund', 'amount:=5');
    expect(asked.stdout).toContain('allowed with consent, by money.cedar:ask-first');
    expect(asked.stdout).toContain('To be allowed without consent:');
    expect(asked.stdout).toContain('+ unless { principal in Team::"payments" }');
  });

  it('tells of others only what the caller may read [CO-8]', async () => {
    const operator = await fairlead.makeKey(['operator']);
    const other = await fairlead.makeKey(['viewer']);
    const { id } = await (await fairlead.request('/api/v1/me', { key: other })).json();
    const ask = (key: string | undefined, principal: unknown, org = '') =>
      fairlead.request(`/api/v1/policies/explain${org}`, {
        method: 'POST',
        json: { principal, tool: 'payments.balance' },
        ...(key === undefined ? {} : { key }),
      });
    expect(await (await ask(undefined, id)).json()).toMatchObject({ decision: 'allow', rules: ['shipped:viewer'] });
    expect((await ask(operator, 'me')).status).toBe(200);
    expect((await ask(operator, { roles: ['viewer'] })).status).toBe(200);
    for (const who of [id, 'key:nobody', 'user:somebody']) expect((await ask(operator, who)).status).toBe(403);
    expect((await ask(other, 'me')).status).toBe(403);
    expect((await ask(undefined, 'key:nobody')).status).toBe(404);
    // A tool that is hidden from somebody is not there for them, by a case neither.
    const narrow = await fairlead.makeKey(['operator'], { scopes: ['policies:read'] });
    const { id: narrowId } = await (await fairlead.request('/api/v1/me', { key: narrow })).json();
    const hides = `forbid (principal == Principal::"${narrowId}", action, resource == Tool::"payments.balance");`;
    await fairlead.request('/api/v1/policies/hides', { method: 'PUT', json: { text: hides } });
    expect((await ask(narrow, { roles: ['viewer'] })).status).toBe(404);
    const one = { name: 'x', principal: { roles: ['viewer'] }, tool: 'payments.balance', expect: 'allow' };
    const tested = await fairlead.request('/api/v1/policies/tests', { json: { cases: [one] }, key: narrow });
    expect((await tested.json()).results[0].faults[0]).toContain('there is no tool payments.balance');
    await fairlead.request('/api/v1/policies/hides', { method: 'DELETE' });
    // Another organisation's key is nobody here.
    await fairlead.request('/api/v1/orgs', { method: 'POST', json: { id: 'acme', name: 'Acme' } });
    const acme = await fairlead.makeKey(['admin'], { org: 'acme' });
    expect((await ask(acme, id)).status).toBe(404);
  });
});

describe('rehearsing', () => {
  const noRefunds = 'forbid (principal, action, resource == Tool::"payments.refund");';
  const call = (tool: string, args: Record<string, unknown>, key?: string) =>
    fairlead.request(`/api/v1/tools/${tool}/call`, {
      json: { arguments: args },
      ...(key === undefined ? {} : { key }),
    });

  it('replays past calls under a folder of candidates and says which change, for whom and why [CO-8]', async () => {
    await call('payments.balance', {});
    await call('payments.balance', {});
    await call('payments.refund', { amount: 500 });
    const candidate = join(folder, 'new');
    mkdirSync(candidate);
    writeFileSync(join(candidate, 'money.cedar'), 'forbid (principal, action, resource == Tool::"payments.balance");');
    const ran = await cli('policy', 'replay', '--since', '7d', '--policy', 'new');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('1 file in the place of the folder of the deployment.');
    expect(ran.stdout).toMatch(/^3 decisions from .* held against what was decided then: 3 would change\.$/m);
    expect(ran.stdout).toContain('2 newly denied, 1 newly allowed');
    expect(ran.stdout).toMatch(/^newly denied: payments\.balance for .* \(key:key_\w+\), 2 times$/m);
    expect(ran.stdout).toMatch(/^ {2}was denied by money\.cedar:small-refunds$/m);
    expect((await cli('policy', 'replay', '--policy', 'new', '--fail-on-change')).code).toBe(1);
    const same = JSON.parse((await cli('policies', 'replay', '--policy', 'money.cedar', '--json')).stdout);
    expect(same).toMatchObject({ layer: 'folder', rehearsal: { decisions: 3, unchanged: 3, changed: 0 } });
    expect((await cli('policies', 'replay')).code).toBe(2);
    writeFileSync(join(candidate, 'broken.cedar'), 'forbid (principal');
    expect((await cli('policies', 'replay', '--policy', 'new')).stderr).toContain('broken.cedar: line 1');
  });

  it('shows what a change does before it is made, and makes what was shown and nothing else [CO-8]', async () => {
    const path = '/api/v1/policies';
    const rehearse = async (change: unknown) => {
      const reply = await fairlead.request(`${path}/rehearsals`, { json: { change } });
      expect(reply.status).toBe(200);
      return { etag: reply.headers.get('etag') ?? '', ...(await reply.json()) };
    };
    const put = (text: string, etag: string) =>
      fairlead.request(`${path}/freeze`, { method: 'PUT', json: { text }, headers: { 'if-match': etag } });

    const first = await rehearse({ save: 'freeze', text: noRefunds });
    expect(first.plan).toMatchObject({ set: 2, differences: [{ name: 'freeze', after: noRefunds }], tag: first.etag });
    expect(first.rehearsal).toMatchObject({ against: 'current', decisions: 3, changed: 0 });
    // Another text than the one that was looked at, and the same upon other policies, are refused.
    expect((await put('permit (principal, action, resource);', first.etag)).status).toBe(412);
    await fairlead.request(`${path}/other`, { method: 'PUT', json: { text: noRefunds } });
    const refused = await put(noRefunds, first.etag);
    expect([refused.status, (await refused.json()).code]).toEqual([412, 'POLICIES_CHANGED']);
    const second = await rehearse({ save: 'freeze', text: noRefunds });
    expect(second.plan.set).toBe(3);
    expect((await put(noRefunds, second.etag)).status).toBe(200);
    expect((await put(noRefunds, second.etag)).status).toBe(412);
  });

  it('asks at the terminal, lists, compares and rolls back versions, and records name them [CO-8]', async () => {
    writeFileSync(join(folder, 'freeze.cedar'), `${noRefunds}\n`);
    const unasked = await cli('policies', 'save', 'late', 'freeze.cedar');
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.stdout).toContain('new policy late');
    const person = (answer: string, ...args: string[]) =>
      run(args, {
        cwd: folder,
        env: { ...home.env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey },
        input: answer,
        person: true,
      });
    expect((await person('no\n', 'policies', 'save', 'late', 'freeze.cedar')).stderr).toContain('Nothing was changed.');
    const before = JSON.parse((await cli('policies', 'versions', '--json')).stdout).versions;
    expect(before.map(({ change }: { change: string }) => change)).toEqual([
      'save freeze',
      'save other',
      'remove hides',
      'save hides',
    ]);
    const saved = await person('yes\n', 'policies', 'save', 'late', 'freeze.cedar');
    expect(saved.stdout).toContain(`+ ${noRefunds}`);
    expect(saved.stdout).toContain('Saved late as version 1; it is in force.');
    expect((await cli('policies', 'versions')).stdout).toMatch(/^5 +save late +key:/m);
    expect((await cli('policies', 'versions', '5')).stdout).toContain('// late, version 1');
    expect((await cli('policies', 'diff', '5')).stdout).toContain('new policy late');
    expect((await cli('policies', 'diff', '3', '5')).stdout).toMatch(/new policy freeze[\s\S]*new policy late/);

    await call('payments.balance', {});
    const [newest] = (await (await fairlead.request('/api/v1/audit?kind=call&limit=1')).json()).records;
    expect(newest.decision).toMatchObject({ policySet: 5, policyVersion: expect.stringMatching(/^sha256:/) });

    const rolled = await cli('policies', 'rollback', '3', '--yes');
    expect(rolled).toMatchObject({ code: 0, stderr: '' });
    expect(rolled.stdout).toMatch(/removed policy freeze[\s\S]*Rolled back to version 3, as version 6/);
    const { policies, inForce } = await (await fairlead.request('/api/v1/policies')).json();
    expect([policies.map(({ name }: { name: string }) => name), inForce.set]).toEqual([['other'], 6]);
    expect(inForce.shared).toMatch(/^sha256:/);
    expect((await cli('policies', 'rollback', '99', '--yes')).code).toBe(1);
    expect((await cli('policies', 'remove', 'other', '--yes')).stdout).toContain('removed policy other');
    const acts = (await (await fairlead.request('/api/v1/audit?kind=act&limit=50')).json()).records;
    expect(acts.map(({ action }: { action: string }) => action)).toContain('policies.rollBack');
  });

  it('reads no record of another organisation, and takes the right to read records [CO-8]', async () => {
    const acme = await fairlead.makeKey(['admin'], { org: 'acme' });
    const asked = { policies: [{ name: 'all', text: 'forbid (principal, action, resource);' }], layer: 'own' };
    const ask = (key: string, query = '') =>
      fairlead.request(`/api/v1/policies/rehearsals${query}`, { json: asked, key });
    expect(await (await ask(acme)).json()).toMatchObject({ rehearsal: { decisions: 0 } });
    expect((await (await ask(fairlead.adminKey)).json()).rehearsal.decisions).toBeGreaterThan(3);
    expect(await (await ask(fairlead.adminKey, '?org=acme')).json()).toMatchObject({ rehearsal: { decisions: 0 } });
    expect((await ask(acme, '?org=default')).status).toBe(404);
    const noAudit = await fairlead.makeKey(['admin'], { scopes: ['policies:read', 'policies:write'] });
    expect((await ask(noAudit)).status).toBe(403);
    expect((await ask(await fairlead.makeKey(['developer']))).status).toBe(403);
    const versions = await fairlead.request('/api/v1/policy-versions', { key: acme });
    expect(await versions.json()).toEqual({ versions: [] });
    expect((await fairlead.request('/api/v1/policy-versions/1', { key: acme })).status).toBe(404);
  });
});
