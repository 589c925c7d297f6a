import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveHttpFixture } from '../fixtures/servers/http.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { invited } from '../signin.ts';

let fairlead: Fairlead;
let remote: Awaited<ReturnType<typeof serveHttpFixture>>;
const acme: { admin: string; operator: string } = { admin: '', operator: '' };
const rival: { admin: string } = { admin: '' };

beforeAll(async () => {
  remote = await serveHttpFixture('both');
  fairlead = await startFairlead({
    config: { upstreams: { fixture: fixtureUpstream() }, egress: { allow: ['127.0.0.1'] } },
  });
  for (const id of ['acme', 'rival']) {
    expect((await fairlead.request('/api/v1/orgs', { json: { id } })).status).toBe(201);
  }
  acme.admin = await fairlead.makeKey(['admin'], { org: 'acme' });
  acme.operator = await fairlead.makeKey(['operator'], { org: 'acme' });
  rival.admin = await fairlead.makeKey(['admin'], { org: 'rival' });
});
afterAll(async () => {
  await fairlead.stop();
  await remote.stop();
});

interface Asked {
  method?: string;
  json?: unknown;
  key?: string;
}

async function ask(path: string, { method, json, key = fairlead.adminKey }: Asked = {}) {
  const response = await fairlead.request(`/api/v1${path}`, { method, json, key });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json$/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined };
}

async function acts(query = '') {
  const { body } = await ask(`/audit?kind=act&limit=500${query}`);
  return body.records as { action: string; subject: string; outcome: string; detail: Record<string, unknown> }[];
}

const policyText = 'forbid (principal, action, resource) when { context.environment == "prod" };';

describe('administration over REST', () => {
  it('leaves one audit record of every act, done, refused or failed [SP-16]', async () => {
    const settings = { url: remote.url, headers: { authorization: 'Bearer a-secret-of-the-upstream' } };
    const made = await ask('/keys', { json: { name: 'short lived', roles: ['viewer'] } });
    const keyId = made.body.key.id;
    const steps: [action: string, subject: string, path: string, asked: Asked, status: number][] = [
      ['orgs.create', 'gone', '/orgs', { json: { id: 'gone' } }, 201],
      ['orgs.purge', 'gone', '/orgs/gone', { method: 'DELETE' }, 204],
      ['keys.revoke', keyId, `/keys/${keyId}`, { method: 'DELETE' }, 200],
      ['upstreams.test', 'remote', '/upstreams/test', { json: { name: 'remote', settings } }, 200],
      ['upstreams.add', 'remote', '/upstreams', { json: { name: 'remote', settings } }, 201],
      ['upstreams.change', 'remote', '/upstreams/remote', { method: 'PUT', json: { settings } }, 200],
      ['upstreams.remove', 'remote', '/upstreams/remote', { method: 'DELETE' }, 204],
      ['policies.save', 'calm', '/policies/calm', { method: 'PUT', json: { text: policyText } }, 200],
      ['policies.restore', 'calm', '/policies/calm/restore', { json: { version: 1 } }, 200],
      ['policies.remove', 'calm', '/policies/calm', { method: 'DELETE' }, 204],
      ['orgs.create', 'acme', '/orgs', { json: { id: 'acme' } }, 409],
      ['orgs.purge', 'default', '/orgs/default', { method: 'DELETE' }, 409],
      ['keys.revoke', 'nobody', '/keys/nobody', { method: 'DELETE' }, 404],
      ['upstreams.change', 'fixture', '/upstreams/fixture', { method: 'PUT', json: { settings } }, 409],
      ['policies.save', 'broken', '/policies/broken', { method: 'PUT', json: { text: 'permit' } }, 400],
    ];
    const before = (await acts()).length;
    for (const [action, , path, asked, status] of steps) {
      expect([action, (await ask(path, asked)).status]).toEqual([action, status]);
    }
    const records = (await acts())
      .reverse()
      .slice(before)
      .filter(({ action }) => action !== 'definitions.seen');
    expect(records.map(({ action, subject, outcome }) => [action, subject, outcome])).toEqual(
      steps.map(([action, subject, , , status]) => [action, subject, status < 400 ? 'ok' : 'failed']),
    );
    expect(records.at(-1)).toMatchObject({ errorCode: 'POLICY_INVALID' });
    expect(JSON.stringify(records)).not.toContain('a-secret-of-the-upstream');
    expect((await ask('/audit/verify')).body).toMatchObject({ ok: true });
  });

  it('is refused to all but administrators, and the refusal is kept [SP-14] [SP-16]', async () => {
    const key = await fairlead.makeKey(['operator']);
    const tries: [action: string, subject: string, path: string, asked: Asked][] = [
      ['orgs.create', '-', '/orgs', { json: { id: 'mine' } }],
      ['orgs.purge', 'acme', '/orgs/acme', { method: 'DELETE' }],
      ['keys.create', '-', '/keys', { json: { name: 'more', roles: ['admin'] } }],
      ['keys.revoke', 'any', '/keys/any', { method: 'DELETE' }],
      ['upstreams.add', '-', '/upstreams', { json: { name: 'mine', settings: { url: remote.url } } }],
      ['upstreams.test', '-', '/upstreams/test', { json: { settings: { url: remote.url } } }],
      ['upstreams.change', 'fixture', '/upstreams/fixture', { method: 'PUT', json: { settings: {} } }],
      ['upstreams.remove', 'fixture', '/upstreams/fixture', { method: 'DELETE' }],
      ['policies.save', 'mine', '/policies/mine', { method: 'PUT', json: { text: policyText } }],
      ['policies.restore', 'mine', '/policies/mine/restore', { json: { version: 1 } }],
      ['policies.remove', 'mine', '/policies/mine', { method: 'DELETE' }],
    ];
    const before = (await acts('&outcome=denied')).length;
    for (const [, , path, asked] of tries) expect((await ask(path, { ...asked, key })).status).toBe(403);
    const denied = (await acts('&outcome=denied')).reverse().slice(before);
    expect(denied.map(({ action, subject }) => [action, subject])).toEqual(
      tries.map(([action, subject]) => [action, subject]),
    );
  });

  it('shows the secret of a key once, and takes it back at once [SP-14]', async () => {
    const { body } = await ask('/keys', { json: { name: 'build agent', roles: ['developer'], owner: 'Kim' } });
    const { key, secret } = body;
    expect((await ask('/me', { key: secret })).body).toMatchObject({ org: 'default', roles: ['developer'] });
    const listed = await ask('/keys');
    expect(listed.body.keys).toContainEqual(expect.objectContaining({ id: key.id, owner: 'Kim' }));
    expect(listed.text).not.toContain(secret);
    expect((await acts()).find(({ subject }) => subject === key.id)).toMatchObject({ action: 'keys.create' });
    expect((await ask('/audit/export')).text).not.toContain(secret);
    expect((await ask(`/keys/${key.id}`, { method: 'DELETE' })).body.revokedAt).toBeGreaterThan(0);
    expect((await ask('/me', { key: secret })).status).toBe(401);
  });

  it('tells each key the scopes that its roles and it have together [SP-14]', async () => {
    const scopesOf = async (json: object) => {
      const { body } = await ask('/keys', { json: { name: 'curious', owner: 'Kim', ...json } });
      return (await ask('/me', { key: body.secret })).body.scopes;
    };
    const calls = ['tools:read', 'tools:call'];
    expect(await scopesOf({ roles: ['admin'] })).toEqual(['*']);
    expect(await scopesOf({ roles: ['viewer'] })).toEqual(calls);
    expect(await scopesOf({ roles: ['viewer'], scopes: ['tools:read'] })).toEqual(['tools:read']);
    expect(await scopesOf({ roles: ['admin'], scopes: ['keys:write'] })).toEqual(['keys:write']);
  });

  it('never gives out the secrets of an upstream, and keeps them when they come back hidden [SP-9]', async () => {
    const settings = { url: remote.url, headers: { authorization: 'Bearer a-secret-of-the-upstream' } };
    await ask('/upstreams', { json: { name: 'remote', settings } });
    const shown = await ask('/upstreams/remote');
    expect(shown.text).not.toContain('a-secret-of-the-upstream');
    expect(shown.body.settings.headers).toEqual({ authorization: '***' });
    expect((await ask('/upstreams/remote', { method: 'PUT', json: { settings: shown.body.settings } })).status).toBe(
      200,
    );
    await expect.poll(async () => (await ask('/upstreams/remote')).body.state, { timeout: 10_000 }).toBe('live');
    expect(remote.requests.at(-1)?.headers.authorization).toBe('Bearer a-secret-of-the-upstream');
    const viewer = await fairlead.makeKey(['viewer']);
    expect((await ask('/upstreams/remote', { key: viewer })).body).not.toHaveProperty('settings');
    expect((await ask('/upstreams', { key: viewer })).text).not.toContain(remote.url);
    await ask('/upstreams/remote', { method: 'DELETE' });
  });

  it('refuses addresses of the inside and programs to start, unless the file allows them [SP-9]', async () => {
    const inside = await ask('/upstreams', { json: { name: 'inside', settings: { url: 'http://169.254.169.254/' } } });
    expect(inside).toMatchObject({ status: 403, body: { code: 'EGRESS_BLOCKED' } });
    const program = await ask('/upstreams', { json: { name: 'program', settings: { command: 'id' } } });
    expect(program).toMatchObject({ status: 403, body: { code: 'RUNTIME_STDIO_OFF' } });
  });

  it('keeps policies by version and says what is in force [SP-15]', async () => {
    const later = policyText.replace('prod', 'staging');
    await ask('/policies/versioned', { method: 'PUT', json: { text: policyText } });
    expect((await ask('/policies/versioned', { method: 'PUT', json: { text: later } })).body).toMatchObject({
      version: 2,
    });
    expect((await ask('/policies/versioned/restore', { json: { version: 1 } })).body).toMatchObject({
      version: 3,
      text: policyText,
    });
    const { versions } = (await ask('/policies/versioned/history')).body;
    expect(versions.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1]);
    const { policies, inForce } = (await ask('/policies')).body;
    expect(policies).toMatchObject([{ name: 'versioned', version: 3 }]);
    expect(inForce.rules.map(({ name }: { name: string }) => name)).toContain('shipped:viewer');
    expect((await ask('/policies/check', { json: { text: 'permit (principal' } })).body).toMatchObject({ ok: false });
    expect((await ask('/policies/schema')).body.schema).toContain('entity');
    await ask('/policies/versioned', { method: 'DELETE' });
  });

  it('holds the chain of the audit against an anchor of an earlier time [SP-16]', async () => {
    const { head } = (await ask('/audit/verify')).body;
    await ask('/upstreams/test', { json: { name: 'remote', settings: { url: remote.url } } });
    const held = await ask(`/audit/verify?anchor=${head.seq}:${head.hash}`);
    expect(held.body).toMatchObject({ ok: true, anchor: { seq: head.seq, compared: 'hash' } });
    expect(held.body.head.seq).toBeGreaterThan(head.seq);
    const far = held.body.head.seq + 100;
    expect((await ask(`/audit/verify?anchor=${far}:${head.hash}`)).body).toMatchObject({
      ok: false,
      faults: [{ kind: 'anchor', seq: far }],
    });
    for (const wrong of ['7', `0:${head.hash}`, `7:${head.hash}0`, `-1:${head.hash}`]) {
      expect((await ask(`/audit/verify?anchor=${wrong}`)).status).toBe(400);
    }
  });

  it('pages through the audit, narrows it and exports it as JSON lines [SP-16]', async () => {
    for (let n = 0; n < 7; n++) await ask('/tools/fixture.echo/call', { json: { arguments: { text: n } } });
    const pages: string[][] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { body } = await ask(`/audit?tool=fixture.echo&limit=3${cursor ? `&cursor=${cursor}` : ''}`);
      pages.push(body.records.map(({ id }: { id: string }) => id));
      cursor = body.next;
    }
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    const exported = (await ask('/audit/export?tool=fixture.echo')).text.trim().split('\n');
    expect(exported.map((line) => JSON.parse(line).id)).toEqual(pages.flat().reverse());
    const since = new Date(Date.now() + 60_000).toISOString();
    expect((await ask(`/audit?since=${encodeURIComponent(since)}`)).body.records).toEqual([]);
    expect((await ask('/audit?kind=call&outcome=denied')).body.records).toEqual([]);
  });
});

describe('an organisation', () => {
  const reads = () => [
    '/sessions',
    '/tools',
    '/upstreams',
    '/reviews?all=true',
    '/endpoints',
    '/policies',
    '/policy-versions',
    '/approvals',
    '/limits',
    '/budgets',
    '/usage?by=tool',
    '/events/destinations',
    '/events/deliveries',
    '/cache',
    '/secrets',
    '/connections',
    '/knowledge/collections',
    '/knowledge/runs',
    '/knowledge/evaluations',
    '/knowledge/gaps',
    '/knowledge/report',
    '/audit',
    '/audit?kind=act',
    '/audit?kind=call',
    '/audit/export',
    '/audit/verify',
    '/keys',
    '/users',
    '/services',
    '/status',
    '/me',
  ];

  it('sees nothing of another in any listing or direct read [SP-14]', async () => {
    const mark = 'acme-only';
    await ask('/upstreams', {
      key: acme.admin,
      json: { name: mark, settings: { url: remote.url, trust: 'first-use', tools: { write: { tags: [mark] } } } },
    });
    await expect.poll(async () => (await ask(`/upstreams/${mark}`, { key: acme.admin })).body.state).toBe('live');
    const key = (await ask('/keys', { key: acme.admin, json: { name: mark, roles: ['viewer'] } })).body.key;
    // More often than in any other organisation: versions are numbers, of which each has its own.
    for (let n = 0; n < 12; n++)
      await ask(`/policies/${mark}`, { key: acme.admin, method: 'PUT', json: { text: `// ${mark}\n${policyText}` } });
    const version = (await ask('/policy-versions', { key: acme.admin })).body.versions[0].number;
    const called = await ask(`/tools/${mark}.echo/call`, { key: acme.operator, json: { arguments: { text: mark } } });
    expect(called.status).toBe(200);
    await ask(`/endpoints/${mark}`, { key: acme.admin, method: 'PUT', json: { settings: { toolsets: [mark] } } });
    await ask(`/knowledge/collections/${mark}`, { key: acme.admin, method: 'PUT', json: { settings: {} } });
    const { id: person } = await invited(fairlead, `${mark}@example.com`, { org: 'acme' });
    const machine = { name: mark, roles: ['viewer'] };
    const { service } = (await ask('/services', { key: acme.admin, json: machine })).body;
    const limited = await ask(`/limits/${mark}`, {
      key: acme.admin,
      method: 'PUT',
      json: { settings: { of: { tools: [`${mark}.*`] }, rate: { limit: 1_000, per: 'second' } } },
    });
    expect(limited.status).toBe(200);
    const budgeted = { settings: { of: { tools: [`${mark}.*`] }, by: ['tool'], calls: 1_000 } };
    expect((await ask(`/budgets/${mark}`, { key: acme.admin, method: 'PUT', json: budgeted })).status).toBe(200);
    const told = { type: 'webhook', url: 'http://127.0.0.1:9/', events: ['act.*'] };
    const destination = await ask(`/events/destinations/${mark}`, {
      key: acme.admin,
      method: 'PUT',
      json: { settings: told },
    });
    expect(destination.status).toBe(200);
    for (const name of ['one.md', 'two.md']) {
      const document = { collection: mark, name, text: '# The same\n\nIn two places.\n' };
      await ask('/tools/knowledge.ingest/call', { key: acme.admin, json: { arguments: document } });
    }
    await ask('/tools/knowledge.query/call', { key: acme.admin, json: { arguments: { query: `zeppelin ${mark}` } } });
    const questions = [{ question: 'in how many places', expect: 'one.md' }];
    const { id: evaluation } = (
      await ask('/knowledge/evaluations', { key: acme.admin, json: { name: mark, questions } })
    ).body;
    const asking = `@id("${mark}") forbid (principal, action == Action::"callUnattended", resource) when { resource.name == "write" };`;
    await ask('/policies/asking', { key: acme.admin, method: 'PUT', json: { text: asking } });
    const parked = await ask(`/tools/${mark}.write/call`, { key: acme.operator, json: { arguments: { text: mark } } });
    expect(parked.status).toBe(202);
    const approval = parked.body.result.structuredContent.approvalId;
    const act = (await ask('/audit?kind=act', { key: acme.admin })).body.records[0].id;

    for (const path of reads()) {
      expect([path, (await ask(path, { key: acme.admin })).text.includes(mark)]).toEqual([
        path,
        !['/me', '/audit/verify', '/knowledge/runs', '/sessions', '/cache', '/secrets', '/connections'].includes(path),
      ]);
    }
    const delivery = (await ask('/events/deliveries', { key: acme.admin })).body.deliveries[0].id;
    const gap = (await ask('/knowledge/gaps', { key: acme.admin })).body.gaps[0].id;
    const direct = [
      `/tools/${mark}.echo`,
      `/upstreams/${mark}`,
      `/approvals/${approval}`,
      `/budgets/${mark}`,
      `/events/deliveries/${delivery}`,
      `/policies/${mark}`,
      `/policies/${mark}/history`,
      `/policy-versions/${version}`,
      `/policy-versions/${version}/differences`,
      `/knowledge/collections/${mark}/verify`,
      `/knowledge/evaluations/${evaluation}`,
      `/keys/${key.id}`,
      `/users/${person}/sessions`,
      `/services/${service.id}`,
      `/audit/${called.body.callId}`,
      `/audit/${act}`,
    ];
    for (const path of direct) expect([path, (await ask(path, { key: acme.admin })).status]).toEqual([path, 200]);
    const untried = Object.entries((await (await fairlead.request('/openapi.json')).json()).paths)
      .filter(
        ([path, methods]) =>
          'get' in (methods as object) && !/\/(orgs|break-glass)\b/.test(path) && !path.endsWith('/schema'),
      )
      .map(([path]) => new RegExp(`^${path.replace('/api/v1', '').replace(/\{\w+\}/, '[^/]+')}$`))
      .filter((path) => ![...reads(), ...direct].some((tried) => path.test(tried.replace(/\?.*/, ''))));
    expect(untried).toEqual([]);

    for (const other of [rival.admin, fairlead.adminKey]) {
      for (const path of reads()) {
        const answer = await ask(path, { key: other });
        const shows = answer.text.includes(mark) || (path === '/sessions' && answer.text.includes(person));
        expect([path, answer.status, shows]).toEqual([path, 200, false]);
      }
      for (const path of direct) expect([path, (await ask(path, { key: other })).status]).toEqual([path, 404]);
    }
    const calls = await ask(`/tools/${mark}.echo/call`, { key: rival.admin, json: {} });
    expect(calls.status).toBe(404);
    for (const [path, method] of [
      [`/upstreams/${mark}`, 'DELETE'],
      [`/budgets/${mark}`, 'DELETE'],
      [`/events/destinations/${mark}`, 'DELETE'],
      [`/events/deliveries/${delivery}/replay`, 'POST'],
      [`/policies/${mark}`, 'DELETE'],
      [`/knowledge/collections/${mark}`, 'DELETE'],
      [`/knowledge/collections/${mark}/sync`, 'POST'],
      [`/knowledge/gaps/${gap}`, 'DELETE'],
      [`/keys/${key.id}`, 'DELETE'],
      [`/users/${person}`, 'DELETE'],
      [`/users/${person}/sessions`, 'DELETE'],
      [`/users/${person}/revoke`, 'POST'],
      [`/services/${service.id}`, 'DELETE'],
      [`/services/${service.id}/rotate`, 'POST'],
      [`/keys/${key.id}/rotate`, 'POST'],
      [`/approvals/${approval}/decision`, 'POST'],
    ] as const) {
      expect([
        path,
        (
          await ask(path, {
            key: rival.admin,
            method,
            ...(method === 'POST' ? { json: path.endsWith('/decision') ? { decision: 'reject' } : {} } : {}),
          })
        ).status,
      ]).toEqual([path, 404]);
    }
  });

  it('is out of reach for the administrator of another, as if it were not there [SP-14]', async () => {
    for (const path of [
      '/upstreams',
      '/policies',
      '/audit',
      '/audit/export',
      '/audit/verify',
      '/keys',
      '/users',
      '/sessions',
      '/services',
    ]) {
      for (const org of ['acme', 'default', 'nowhere']) {
        expect([path, org, (await ask(`${path}?org=${org}`, { key: rival.admin })).status]).toEqual([path, org, 404]);
      }
    }
    expect((await ask('/keys?org=acme', { key: rival.admin, json: { name: 'in', roles: ['admin'] } })).status).toBe(
      404,
    );
    for (const path of ['/orgs', '/orgs/acme']) expect((await ask(path, { key: rival.admin })).status).toBe(403);
    expect((await ask('/orgs/acme', { key: rival.admin, method: 'DELETE' })).status).toBe(403);
    expect((await ask('/orgs', { key: rival.admin, json: { id: 'more' } })).status).toBe(403);
  });

  it('is administered from the default one, and keeps the record of it [SP-14] [SP-16]', async () => {
    const { body } = await ask('/keys?org=rival', { json: { name: 'made for them', roles: ['viewer'] } });
    expect(body.key.org).toBe('rival');
    expect((await ask('/me', { key: body.secret })).body.org).toBe('rival');
    const [record] = (await ask('/audit?kind=act', { key: rival.admin })).body.records;
    expect(record).toMatchObject({ action: 'keys.create', subject: body.key.id, outcome: 'ok', org: 'rival' });
    expect((await ask('/keys?org=nowhere', { json: { name: 'x', roles: ['viewer'] } })).status).toBe(404);
  });

  it('is gone with all it had when it is purged [SP-14]', async () => {
    await ask('/orgs', { json: { id: 'brief' } });
    const key = await fairlead.makeKey(['admin'], { org: 'brief' });
    expect((await ask('/keys', { key })).status).toBe(200);
    expect((await ask('/orgs/brief', { method: 'DELETE' })).status).toBe(204);
    expect((await ask('/keys', { key })).status).toBe(401);
    expect((await ask('/orgs/brief')).status).toBe(404);
  });

  it('has its upstreams stopped at once when it is purged, and leaves none to the next of its name [SP-9] [SP-14]', async () => {
    const server = await serveHttpFixture('legacy');
    try {
      await ask('/orgs', { json: { id: 'brief' } });
      const key = await fairlead.makeKey(['admin'], { org: 'brief' });
      await ask('/upstreams', { key, json: { name: 'remote', settings: { url: server.url } } });
      await expect.poll(async () => (await ask('/upstreams/remote', { key })).body.state).toBe('live');
      expect(server.sessions()).toBe(1);
      expect((await ask('/orgs/brief', { method: 'DELETE' })).status).toBe(204);
      await expect.poll(() => server.sessions(), { timeout: 2_000 }).toBe(0);

      await ask('/orgs', { json: { id: 'brief' } });
      expect((await ask('/upstreams?org=brief')).body.upstreams).toEqual([]);
      const heir = await fairlead.makeKey(['admin'], { org: 'brief' });
      expect((await ask('/tools?toolset=remote', { key: heir })).body).toEqual({ tools: [], incomplete: [] });
      await ask('/orgs/brief', { method: 'DELETE' });
    } finally {
      await server.stop();
    }
  });
});
