import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleNames } from '../../src/config/schema.ts';
import { serveSilence } from '../fixtures/servers/http.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { invited } from '../signin.ts';

// What each role may read over REST, route by route.

let fairlead: Fairlead;
const keys: Record<string, string> = {};
let person = '';
const policyText = 'forbid (principal, action, resource) when { context.environment == "the secret place" };';
const program = '/opt/inner/mcp-of-the-house';

beforeAll(async () => {
  const gone = await serveSilence();
  await gone.stop();
  fairlead = await startFairlead({
    config: {
      budgets: [{ name: 'much', calls: 1_000_000 }],
      upstreams: {
        good: listedUpstream(['look', 'dear'].map((name) => ({ name, annotations: { readOnlyHint: true } }))),
        missing: { command: program, startTimeoutMs: 1_000 },
        away: { url: new URL('/inner/path', gone.url).href, startTimeoutMs: 1_000 },
      },
    },
  });
  await fairlead.request('/api/v1/policies/house', { method: 'PUT', json: { text: policyText } });
  await fairlead.request('/api/v1/knowledge/collections/notes', { method: 'PUT', json: { settings: {} } });
  const questions = [{ question: 'where', expect: 'none' }];
  await fairlead.request('/api/v1/knowledge/evaluations', { json: { questions } });
  for (const role of roleNames) keys[role] = await fairlead.makeKey([role]);
  await fairlead.request('/api/v1/tools/good.look/call', { json: {} });
  const asks = 'forbid (principal, action == Action::"callUnattended", resource == Tool::"good.dear");';
  await fairlead.request('/api/v1/policies/asks', { method: 'PUT', json: { text: asks } });
  await fairlead.request('/api/v1/tools/good.dear/call', { json: {} });
  await fairlead.request('/api/v1/services', { json: { name: 'nightly', roles: ['viewer'] } });
  person = (await invited(fairlead, 'kim@example.com')).id;
});
afterAll(() => fairlead?.stop());

const everyone = ['viewer', 'developer', 'operator', 'admin'];
const operators = ['operator', 'admin'];
const admins = ['admin'];

/** Who may read each of the routes. */
const readers: Record<string, readonly string[]> = {
  '/api/v1/me': everyone,
  '/api/v1/status': everyone,
  '/api/v1/tools': everyone,
  '/api/v1/tools/{id}': everyone,
  '/api/v1/endpoints': everyone,
  '/api/v1/reviews': operators,
  '/api/v1/upstreams': everyone,
  '/api/v1/upstreams/{name}': everyone,
  '/api/v1/limits': operators,
  '/api/v1/budgets': operators,
  '/api/v1/budgets/{name}': operators,
  '/api/v1/usage': operators,
  '/api/v1/cache': operators,
  '/api/v1/connections': everyone,
  '/api/v1/approvals': everyone,
  '/api/v1/approvals/{id}': operators,
  '/api/v1/secrets': admins,
  '/api/v1/policies': operators,
  '/api/v1/policies/schema': operators,
  '/api/v1/policies/{name}': operators,
  '/api/v1/policies/{name}/history': operators,
  '/api/v1/policy-versions': operators,
  '/api/v1/policy-versions/{number}': operators,
  '/api/v1/policy-versions/{number}/differences': operators,
  '/api/v1/knowledge/collections': operators,
  '/api/v1/knowledge/collections/{name}/verify': operators,
  '/api/v1/knowledge/runs': operators,
  '/api/v1/knowledge/evaluations': operators,
  '/api/v1/knowledge/evaluations/{id}': operators,
  '/api/v1/knowledge/gaps': operators,
  '/api/v1/knowledge/report': operators,
  '/api/v1/audit': operators,
  '/api/v1/audit/export': operators,
  '/api/v1/audit/verify': operators,
  '/api/v1/audit/{id}': operators,
  '/api/v1/keys': admins,
  '/api/v1/keys/{id}': admins,
  '/api/v1/users': admins,
  '/api/v1/users/{id}/sessions': admins,
  '/api/v1/services': admins,
  '/api/v1/services/{id}': admins,
  '/api/v1/sessions': admins,
  '/api/v1/break-glass': admins,
  '/api/v1/orgs': admins,
  '/api/v1/orgs/{id}': admins,
};

/** A thing that is there, for a route that names one. */
async function pathOf(route: string): Promise<string> {
  if (route.startsWith('/api/v1/tools/')) return route.replace('{id}', 'good.look');
  if (route.startsWith('/api/v1/upstreams/')) return route.replace('{name}', 'missing');
  if (route.startsWith('/api/v1/knowledge/collections/')) return route.replace('{name}', 'notes');
  if (route.startsWith('/api/v1/policy-versions/')) return route.replace('{number}', '1');
  if (route.startsWith('/api/v1/budgets/')) return route.replace('{name}', 'much');
  if (route.startsWith('/api/v1/policies/')) return route.replace('{name}', 'house');
  if (route.startsWith('/api/v1/orgs/')) return route.replace('{id}', 'default');
  if (route.startsWith('/api/v1/users/')) return route.replace('{id}', person);
  if (!route.includes('{')) return route;
  const list = await (await fairlead.request(route.replace('/{id}', ''))).json();
  return route.replace(
    '{id}',
    (list.keys ?? list.approvals ?? list.records ?? list.evaluations ?? list.services)[0].id,
  );
}

describe('a role reads over REST', () => {
  it('what the table says, and the table has every route [SP-14] [SP-20]', async () => {
    const { paths } = await (await fairlead.request('/openapi.json')).json();
    const routes = Object.keys(paths).filter((path) => 'get' in paths[path]);
    expect(Object.keys(readers).sort()).toEqual(routes.sort());
    for (const [route, roles] of Object.entries(readers)) {
      const path = await pathOf(route);
      for (const role of roleNames) {
        const { status } = await fairlead.request(path, { key: keys[role] });
        const refusal = route === '/api/v1/approvals/{id}' ? 404 : 403; // that of somebody else is not there
        expect([route, role, status]).toEqual([route, role, roles.includes(role) ? 200 : refusal]);
      }
    }
  });

  it.each([
    ['viewer', false],
    ['developer', false],
    ['operator', true],
    ['admin', true],
  ])('as %s where an upstream is and what exactly is wrong with it: %s [SP-9] [SP-14]', async (role, sees) => {
    const texts: string[] = [];
    for (const path of ['/upstreams', '/upstreams/missing', '/upstreams/away', '/status', '/tools', '/me'])
      texts.push(await (await fairlead.request(`/api/v1${path}`, { key: keys[role] })).text());
    const [list = '', missing = ''] = texts;
    const states = JSON.parse(list).upstreams.map(({ name, state }: Record<string, string>) => `${name} ${state}`);
    expect(states).toEqual(['away failing', 'good live', 'missing failing']);
    expect(JSON.parse(missing)).toMatchObject({ state: 'failing', reason: 'its program was not found' });
    expect(JSON.parse(list).upstreams[0].reason).toBe('the connection was refused');
    for (const inner of [program, '/inner/path']) expect(texts.join().includes(inner)).toBe(sees);
    if (sees) expect(JSON.parse(missing).detail).toContain(`The command "${program}" was not found.`);
    expect('settings' in JSON.parse(missing)).toBe(role === 'admin');
  });

  it('and a key with fewer scopes only those [SP-14]', async () => {
    const key = await fairlead.makeKey(['admin'], { scopes: ['tools:read'] });
    expect((await fairlead.request('/api/v1/policies', { key })).status).toBe(403);
    const upstream = await (await fairlead.request('/api/v1/upstreams/missing', { key })).json();
    expect(upstream).not.toHaveProperty('target');
    expect(upstream).not.toHaveProperty('settings');
  });
});
