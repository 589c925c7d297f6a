import { afterAll, beforeAll, expect, it } from 'vitest';
import { caller, closeCallers } from '../clients.ts';
import { serveSilence } from '../fixtures/servers/http.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { listedUpstream } from '../listed.ts';
import { run, temporaryHome } from './run.ts';

let fairlead: Fairlead;
const home = temporaryHome();

beforeAll(async () => {
  const gone = await serveSilence();
  await gone.stop();
  const properties = {
    n: { type: 'integer' },
    on: { type: 'boolean' },
    of: { type: 'array' },
    text: { type: 'string' },
  };
  fairlead = await startFairlead({
    config: {
      upstreams: {
        typed: listedUpstream([{ name: 'take', inputSchema: { type: 'object', properties } }]),
        gone: { url: gone.url, startTimeoutMs: 500 },
        late: { ...fixtureUpstream('hang'), startTimeoutMs: 100 },
      },
      endpoints: { narrow: { toolsets: ['typed'] } },
    },
  });
});
afterAll(async () => {
  await closeCallers();
  await fairlead?.stop();
  home.remove();
});

async function refused(args: readonly string[], key = fairlead.adminKey): Promise<string> {
  const env = { ...home.env, FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: key };
  const { code, stdout, stderr } = await run(['call', ...args], { env });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  return stderr;
}

it('says how to write a number, a list and the like that were given as text [SP-20]', async () => {
  const stderr = await refused(['typed.take', 'n=2', 'on=true', 'of=["a b"]', 'text=3']);
  expect(stderr).toContain(`Write n:=2 on:=true of:='["a b"]'\n`);
  expect(await refused(['typed.take', 'n=2.5', 'on:=false'])).not.toContain(':=');
  expect(await refused(['typed.take', 'n=two'])).not.toContain(':=');
  expect(await refused(['typed.take', 'text:=3'])).not.toContain(':=');
});

it('says how the upstream is whose tools nobody has seen yet [SP-10] [SP-17]', async () => {
  const trouble = 'The upstream "gone" is failing: the connection was refused.';
  expect(await refused(['gone.anything'])).toContain(trouble);
  expect(await refused(['gone.anything'], await fairlead.makeKey(['viewer']))).toContain(trouble);
  expect(await refused(['late.echo'])).toContain('The upstream "late" is starting: it has not answered within 100 ms.');
  const client = await caller(fairlead, 'modern');
  await expect(client.callTool({ name: 'gone_anything' })).rejects.toThrow(trouble);
  await expect(client.getPrompt({ name: 'gone_x' })).rejects.toThrow(trouble);
});

it('says nothing of it to who may not see it, and nothing of those that are well [SP-14] [SP-17]', async () => {
  const narrow = await fairlead.makeKey(['admin'], { scopes: ['tools:call'] });
  for (const stderr of [
    await refused(['gone.anything'], narrow),
    await refused(['gone.anything', '--endpoint', 'narrow']),
    await refused(['typed.nothing']),
    await refused(['nobody.anything']),
  ]) {
    expect(stderr).toMatch(/or you may not use it\.\n/);
  }
  const text = 'forbid (principal, action, resource in Toolset::"gone");';
  await fairlead.request('/api/v1/policies/hidden', { method: 'PUT', json: { text } });
  expect(await refused(['gone.anything'])).not.toContain('failing');
});
