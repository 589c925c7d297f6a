import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { caller, closeCallers, textOf } from '../clients.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type ListedTool, listedUpstream } from '../listed.ts';

// Every claim that a tool can make of itself: nothing, no, or yes, for both hints that decide.
const claims = [undefined, false, true];
const combinations = claims.flatMap((readOnlyHint) =>
  claims.map((destructiveHint) => ({
    name: `r_${readOnlyHint ?? 'none'}_d_${destructiveHint ?? 'none'}`,
    annotations: {
      ...(readOnlyHint === undefined ? {} : { readOnlyHint }),
      ...(destructiveHint === undefined ? {} : { destructiveHint }),
    },
    readOnly: readOnlyHint === true,
    destroys: readOnlyHint !== true && destructiveHint !== false, // MCP's defaults: writes, and destroys
  })),
);
const everything = combinations.map(({ name }) => name).sort();
const expected: Record<string, string[]> = {
  viewer: combinations.filter(({ readOnly }) => readOnly).map(({ name }) => name),
  developer: combinations.filter(({ destroys }) => !destroys).map(({ name }) => name),
  operator: everything,
  admin: everything,
};
const roles = Object.keys(expected);

let fairlead: Fairlead;
let folder: string;
const keys: Record<string, string> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-policies-'));
  writePolicy(
    'transfers.cedar',
    `@id("large-transfers")
forbid (principal, action, resource)
when { context.arguments has amount && context.arguments.amount > 1000 };
@id("strangers")
forbid (principal, action, resource)
when { context.arguments has to && context.arguments.to like "*@evil.example" };`,
  );
  writePolicy(
    'consent.cedar',
    `@id("wipe-needs-consent")
forbid (principal, action == Action::"callUnattended", resource == Tool::"bank.wipe");`,
  );
  const listed: ListedTool[] = combinations.map(({ name, annotations }) => ({ name, annotations }));
  fairlead = await startFairlead({
    config: {
      upstreams: {
        all: listedUpstream(listed),
        distrusted: { ...listedUpstream(listed), annotations: 'ignore' },
        overruled: {
          ...listedUpstream([{ name: 'liar', annotations: { readOnlyHint: true } }, { name: 'shy' }, { name: 'off' }]),
          tools: {
            liar: { annotations: { readOnly: false, destructive: true } },
            shy: { annotations: { readOnly: true } },
            off: { disabled: true },
          },
        },
        bank: listedUpstream([{ name: 'send', annotations: { destructiveHint: false } }, { name: 'wipe' }]),
      },
      endpoints: { narrow: { toolsets: ['overruled'] }, open: { toolsets: ['all'], anonymous: 'viewer' } },
      policies: { folder },
      projections: { 'bank.send': { amount: 'long:/amount', to: '/to/address', note: '/note' } },
    },
  });
  for (const role of roles) keys[role] = await fairlead.makeKey([role]);
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function writePolicy(name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** Names that a role is shown of a toolset. */
async function seen(key: string | undefined, toolset: string, way: 'rest' | 'sessions' | 'modern'): Promise<string[]> {
  if (way === 'rest') {
    const { tools } = await (await fairlead.request('/api/v1/tools', { key })).json();
    return tools
      .map(({ id }: { id: string }) => id)
      .filter((id: string) => id.startsWith(`${toolset}.`))
      .map((id: string) => id.slice(toolset.length + 1))
      .sort();
  }
  const client = await caller(fairlead, way, key === undefined ? {} : { key });
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name).filter((name) => name.startsWith(`${toolset}_`));
  return names.map((name) => name.slice(toolset.length + 1)).sort();
}

async function call(tool: string, args: object = {}, key: string | undefined = undefined) {
  const response = await fairlead.request(`/api/v1/tools/${tool}/call`, {
    ...(key === undefined ? {} : { key }),
    json: { arguments: args },
  });
  const { callId, outcome, error } = await response.json();
  return { status: response.status, callId, outcome, code: error?.code, message: error?.message };
}

describe.each(roles)('the role %s', (role) => {
  it.each(['rest', 'sessions', 'modern'] as const)(
    'sees over %s exactly the tools that it may call [SP-15]',
    async (way) => {
      expect(await seen(keys[role], 'all', way)).toEqual([...(expected[role] ?? [])].sort());
    },
  );

  it('may call exactly what it sees, and what it does not see is not there [SP-15]', async () => {
    const client = await caller(fairlead, 'modern', { key: keys[role] ?? '' });
    for (const name of everything) {
      const may = expected[role]?.includes(name);
      const rest = await call(`all.${name}`, {}, keys[role]);
      expect({ name, ...rest }).toMatchObject(
        may ? { name, status: 200, outcome: 'ok' } : { name, status: 404, outcome: 'denied', code: 'UNKNOWN_TOOL' },
      );
      const mcp = client.callTool({ name: `all_${name}`, arguments: {} });
      if (may) expect(textOf(await mcp)).toBe('{}');
      else await expect(mcp).rejects.toMatchObject({ code: -32602 });
    }
  });

  it('is not taken in by claims of an upstream that is not trusted [SP-11] [SP-15]', async () => {
    const destructiveToo = role === 'operator' || role === 'admin';
    expect(await seen(keys[role], 'distrusted', 'rest')).toEqual(destructiveToo ? everything : []);
  });

  it('is held to what the settings say of a tool, whatever it says itself [SP-11] [SP-15]', async () => {
    const destructiveToo = role === 'operator' || role === 'admin';
    expect(await seen(keys[role], 'overruled', 'rest')).toEqual(destructiveToo ? ['liar', 'shy'] : ['shy']);
    expect(await call('overruled.off', {}, keys[role])).toMatchObject({ status: 404 });
  });

  it('administers only if it is that of an admin [SP-15]', async () => {
    const ways = [
      ['GET', '/api/v1/keys', undefined],
      ['PUT', '/api/v1/policies/mine', { text: 'permit (principal, action, resource);' }],
      ['POST', '/api/v1/upstreams', { name: 'mine', settings: { url: 'https://example.com/mcp' } }],
      ['POST', '/api/v1/orgs', { id: 'mine' }],
    ] as const;
    if (role === 'admin') {
      expect((await fairlead.request('/api/v1/keys', { key: keys[role] })).status).toBe(200);
      return;
    }
    for (const [method, path, json] of ways) {
      const response = await fairlead.request(path, { key: keys[role], method, json });
      expect([path, response.status]).toEqual([path, 403]);
    }
  });
});

describe('without a token', () => {
  it('the role of an open endpoint decides [SP-15]', async () => {
    const client = await caller(fairlead, 'sessions', { endpoint: 'open', key: null });
    const names = (await client.listTools()).tools.map(({ name }) => name).sort();
    expect(names).toEqual(expected.viewer?.map((name) => `all_${name}`).sort());
  });
});

describe('a principal of several roles', () => {
  it('has the rights of all of them together [SP-15]', async () => {
    const both = await fairlead.makeKey(['viewer', 'operator']);
    expect(await seen(both, 'all', 'rest')).toEqual(everything);
  });
});

describe('a policy in the folder', () => {
  it('forbids by arguments that the settings project [SP-15]', async () => {
    const send = (args: object) => call('bank.send', args, keys.developer);
    expect(await send({ amount: 1000, to: { address: 'ann@team.example' } })).toMatchObject({ outcome: 'ok' });
    const large = await send({ amount: 1001 });
    expect(large).toMatchObject({ status: 403, outcome: 'denied', code: 'DENIED' });
    expect(large.message).toContain('large-transfers');
    expect(await send({ amount: 1, to: { address: 'bob@evil.example' } })).toMatchObject({ code: 'DENIED' });
    const record = await (await fairlead.request(`/api/v1/audit/${large.callId}`)).json();
    expect(record).toMatchObject({
      outcome: 'denied',
      rule: expect.stringContaining('large-transfers'),
      decision: { allowed: false, context: { arguments: { amount: 1001 } }, policyVersion: expect.any(String) },
    });
  });

  it('denies, rather than overlook, an argument that is not of the type it reads [SP-15]', async () => {
    expect(await call('bank.send', { amount: '1001' }, keys.operator)).toMatchObject({ code: 'DENIED' });
    for (const amount of ['1e9', ' 1001', '0x7d0', 1.5, true, {}, [1], 2 ** 60]) {
      const refused = await call('bank.send', { amount }, keys.operator);
      expect([amount, refused.outcome, refused.code]).toEqual([amount, 'denied', 'POLICY_FAILED']);
    }
    expect(await call('bank.send', { amount: null }, keys.operator)).toMatchObject({ outcome: 'ok' });
  });

  it('that allows only with consent has the call wait for it, over every surface [SP-15] [CO-1]', async () => {
    expect(await seen(keys.operator, 'bank', 'rest')).toEqual(['send', 'wipe']);
    const rest = await call('bank.wipe', {}, keys.operator);
    expect(rest).toMatchObject({ status: 202, outcome: 'pending_approval' });
    const record = await (await fairlead.request(`/api/v1/audit/${rest.callId}`)).json();
    expect(record).toMatchObject({
      outcome: 'pending_approval',
      decision: { allowed: true, unattended: false },
    });
    for (const era of ['sessions', 'modern'] as const) {
      const client = await caller(fairlead, era, { key: keys.operator ?? '' });
      const result = await client.callTool({ name: 'bank_wipe', arguments: {} });
      expect(result.structuredContent).toMatchObject({ status: 'pending_approval', tool: 'bank.wipe' });
    }
  });

  it('that is broken is not taken when it is read again, and the good ones stay in force [SP-15]', async () => {
    writePolicy('broken.cedar', 'forbid (principal, action, resource) when { context.amuont > 1 };');
    const faults = await fairlead.running.house.policy.reload();
    expect(faults.join()).toContain('broken.cedar');
    expect(await call('bank.send', { amount: 1001 }, keys.operator)).toMatchObject({ code: 'DENIED' });
    rmSync(join(folder, 'broken.cedar'));
    expect(await fairlead.running.house.policy.reload()).toEqual([]);
  });

  it('that is broken keeps a server from starting [SP-15]', async () => {
    const other = mkdtempSync(join(tmpdir(), 'fairlead-policies-'));
    writeFileSync(join(other, 'broken.cedar'), 'permit (principal, action, resource) when { nonsense };');
    await expect(startFairlead({ config: { policies: { folder: other } } })).rejects.toThrow(/broken\.cedar/);
    rmSync(other, { recursive: true });
  });
});

describe('a policy in the database', () => {
  const save = (name: string, text: string, org = 'default') =>
    fairlead.request(`/api/v1/policies/${name}?org=${org}`, { method: 'PUT', json: { text } });

  it('counts for the next call, in its organisation alone, until it is removed [SP-14] [SP-15]', async () => {
    const args = { amount: 1, note: 'for the harbour' };
    expect(await call('bank.send', args, keys.developer)).toMatchObject({ outcome: 'ok' });
    const text = `@id("no-harbour") forbid (principal, action, resource == Tool::"bank.send")
      when { context.arguments has note && context.arguments.note like "*harbour*" };`;
    expect((await save('harbour', text)).status).toBe(200);
    const denied = await call('bank.send', args, keys.developer);
    expect(denied).toMatchObject({ status: 403, code: 'DENIED' });
    expect(denied.message).toContain('no-harbour');
    expect(await seen(keys.developer, 'bank', 'rest')).toEqual(['send']); // for other arguments it may
    await fairlead.request('/api/v1/policies/harbour', { method: 'DELETE' });
    expect(await call('bank.send', args, keys.developer)).toMatchObject({ outcome: 'ok' });
  });

  it('that forbids a tool whatever its arguments hides it, also from those who listen [SP-15]', async () => {
    let told = 0;
    const client = await caller(fairlead, 'sessions', {
      key: keys.operator ?? '',
      options: { listChanged: { tools: { onChanged: () => void told++, autoRefresh: false } } },
    });
    await client.listTools();
    await save('hidden', 'forbid (principal, action, resource) when { resource.toolset == "bank" };');
    await expect.poll(() => told, { timeout: 10_000 }).toBeGreaterThan(0);
    for (const way of ['rest', 'sessions', 'modern'] as const) expect(await seen(keys.admin, 'bank', way)).toEqual([]);
    expect(await call('bank.send', {}, keys.admin)).toMatchObject({ status: 404, code: 'UNKNOWN_TOOL' });
    // The caller cannot tell it from a tool that is not there; whoever reads the audit can.
    const { records } = await fairlead.running.house.audit.list('default', { tool: 'bank.send' }, undefined, 1);
    expect(records[0]).toMatchObject({
      outcome: 'denied',
      errorCode: 'UNKNOWN_TOOL',
      rule: expect.stringContaining('hidden'),
    });
    expect(records[0]).toMatchObject({ decision: { allowed: false } });
    await fairlead.request('/api/v1/policies/hidden', { method: 'DELETE' });
    expect(await seen(keys.admin, 'bank', 'rest')).toEqual(['send', 'wipe']);
  });

  it('that does not fit the schema is refused with the place of each fault [SP-15]', async () => {
    for (const text of [
      'forbid (principal, action, resource) when { context.arguments.amuont > 1 };',
      'forbid (principal, action, resource) when { resource.readOnly == "yes" };',
      'forbid (principal, action == Action::"cal", resource);',
      'forbid (principal',
      '',
    ]) {
      const refused = await save('broken', text);
      expect([text, refused.status]).toEqual([text, 400]);
      expect(await refused.json()).toMatchObject({ code: 'POLICY_INVALID', category: 'validation' });
    }
    expect(await call('bank.send', { amount: 1 }, keys.developer)).toMatchObject({ outcome: 'ok' });
  });

  it('that errs while it is evaluated denies [SP-15]', async () => {
    // Fits the schema, and overflows for this argument.
    const text = `permit (principal, action, resource == Tool::"bank.send")
      when { context.arguments has amount && context.arguments.amount * 9223372036854775807 > 0 };`;
    expect((await save('overflow', text)).status).toBe(200);
    const failed = await call('bank.send', { amount: 2 }, keys.operator);
    expect(failed).toMatchObject({ status: 403, outcome: 'denied', code: 'POLICY_FAILED' });
    await fairlead.request('/api/v1/policies/overflow', { method: 'DELETE' });
    expect(await call('bank.send', { amount: 2 }, keys.operator)).toMatchObject({ outcome: 'ok' });
  });

  it('sees by which way and from where a call comes [SP-15]', async () => {
    await save('places', 'forbid (principal, action, resource) when { context.surface == "rest" };');
    expect(await call('overruled.shy', {}, keys.admin)).toMatchObject({ outcome: 'denied' });
    const client = await caller(fairlead, 'modern', { endpoint: 'narrow' });
    expect((await client.callTool({ name: 'overruled_shy', arguments: {} })).isError).toBeFalsy();
    await save(
      'places',
      'forbid (principal, action, resource) when { context has endpoint && context.endpoint == "narrow" };',
    );
    // Of an endpoint that policy keeps from the caller as a whole there is nothing.
    await expect(client.callTool({ name: 'overruled_shy', arguments: {} })).rejects.toThrow('There is no endpoint');
    expect(await call('overruled.shy', {}, keys.admin)).toMatchObject({ outcome: 'ok' });
    await fairlead.request('/api/v1/policies/places', { method: 'DELETE' });
  });
});
