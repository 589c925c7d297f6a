import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fairlead, startFairlead } from '../harness.ts';
import { connectBy, type PeopleUpstream, servePeopleUpstream } from '../people-upstream.ts';
import { openBrowser } from '../signin.ts';
import { run } from './run.ts';

let upstream: PeopleUpstream;
let fairlead: Fairlead;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-cli-connections-'));

beforeAll(async () => {
  upstream = await servePeopleUpstream();
  fairlead = await startFairlead({
    config: {
      egress: { allow: ['127.0.0.1'] },
      upstreams: { tickets: { url: upstream.url, auth: { grant: 'authorization_code' } } },
    },
  });
});
afterAll(async () => {
  await fairlead?.stop();
  await upstream?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) =>
  run(args, { cwd: folder, env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });

it('connects, lists and removes an account, and calls with it [AC-4]', async () => {
  expect((await cli('connections', 'list')).stdout).toContain('No connections');
  const called = await cli('call', 'tickets.echo', '--args', '{"text":"a"}');
  expect(called.code).not.toBe(0);
  expect(called.stdout + called.stderr).toContain('/auth/connections/start');
  const asked = await cli('connections', 'connect', 'tickets');
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  const link = /https?:\S+/.exec(asked.stdout)?.[0] ?? '';
  await connectBy(openBrowser(fairlead.url), link, upstream, 'me');
  const listed = await cli('connections', 'list', '--all');
  expect(listed.stdout).toMatch(/tickets +bootstrap +\S+ +connected +renewed/);
  expect((await cli('connections', 'connect', 'nowhere')).stderr).toContain('not used with an account of each person');
  const removed = await cli('connections', 'remove', 'tickets', '--json');
  expect(JSON.parse(removed.stdout)).toEqual({ removed: 'tickets', revoked: true });
  const again = await cli('connections', 'remove', 'tickets');
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(/You have no connection to tickets[\s\S]*--subject/),
  ]);
});
