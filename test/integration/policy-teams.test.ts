import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { invited, tokensFor } from '../signin.ts';

let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({ config: { upstreams: { cluster: listedUpstream([{ name: 'scale' }]) } } });
});
afterAll(() => fairlead?.stop());

it('a rule about a team counts for its members and their keys, from the moment on that they join or leave [AC-1]', async () => {
  const text =
    '@id("platform") forbid (principal, action, resource in Toolset::"cluster") unless { principal in Team::"platform" };';
  const saved = await fairlead.request('/api/v1/policies/teams', { method: 'PUT', json: { text } });
  expect(saved.status).toBeLessThan(300);
  const { id, browser } = await invited(fairlead, 'kim@example.com', { role: 'operator' });
  const { access_token } = await tokensFor(fairlead, browser);
  const key = { name: 'hers', roles: ['operator'], userId: id };
  const { secret } = await (await fairlead.request('/api/v1/keys', { json: key })).json();
  const plain = await fairlead.makeKey(['operator']);
  const call = async (key: string) => {
    const json = { arguments: {} };
    return (await (await fairlead.request('/api/v1/tools/cluster.scale/call', { key, json })).json()).outcome;
  };
  const all = () => Promise.all([access_token, secret, plain].map(call));
  expect(await all()).toEqual(['denied', 'denied', 'denied']);
  const put = (teams: string[]) => fairlead.request(`/api/v1/users/${id}`, { method: 'PUT', json: { teams } });
  await put(['platform', 'on-call']);
  expect(await all()).toEqual(['ok', 'ok', 'denied']);
  await put(['on-call']);
  expect(await all()).toEqual(['denied', 'denied', 'denied']);
});
