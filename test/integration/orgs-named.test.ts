import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadSettings } from '../../src/config/index.ts';
import { type Fairlead, startFairlead } from '../harness.ts';

const idle = { url: 'http://127.0.0.1:9/mcp' };
const lines: { severity: string; message: string }[] = [];
let fairlead: Fairlead;

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      development: true,
      approvals: { rules: [{ org: 'absent', twoPersons: true }] },
      endpoints: { team: { org: 'acme' }, all: {} },
      upstreams: { theirs: { ...idle, org: 'rival', startTimeoutMs: 1 }, ours: { ...idle, startTimeoutMs: 1 } },
      auth: { issuers: [{ issuer: 'http://127.0.0.1:9', org: 'acme' }] },
    },
    log: { write: (line) => void lines.push(JSON.parse(line)) },
  });
});
afterAll(() => fairlead.stop());

const warned = () => lines.filter(({ message }) => message.includes('there is no organisation'));
const told = async (key?: string) => {
  const response = await fairlead.request('/api/v1/status', key === undefined ? {} : { key });
  return (await response.json()).warnings as string[];
};
const missing = (place: string, org: string) =>
  `${place}: there is no organisation ${org}; \`fairlead orgs create ${org}\` makes it`;

it('says at the start and in its status what is declared for an organisation that does not exist [SP-3]', async () => {
  const all = [
    missing('endpoints.team.org', 'acme'),
    missing('upstreams.theirs.org', 'rival'),
    missing('auth.issuers[0].org', 'acme'),
    missing('approvals.rules[0].org', 'absent'),
  ];
  expect(warned().map(({ severity, message }) => [severity, message])).toEqual(all.map((text) => ['WARN', text]));
  expect(await told()).toEqual(all);
  expect((await fairlead.request('/readyz')).status).toBe(200);
});

it('tells it to nobody who may not write organisations, and no longer once it exists [SP-3] [SP-14]', async () => {
  expect((await fairlead.request('/api/v1/orgs', { json: { id: 'acme' } })).status).toBe(201);
  expect(await told()).toEqual([missing('upstreams.theirs.org', 'rival'), missing('approvals.rules[0].org', 'absent')]);
  expect(await told(await fairlead.makeKey(['admin'], { org: 'acme' }))).toEqual([]);
  expect(await told(await fairlead.makeKey(['operator']))).toEqual([]);
});

it('says it again after a reload [SP-3]', async () => {
  const file = join(fairlead.dataDir, 'reload.yaml');
  writeFileSync(file, stringify({ endpoints: { team: { org: 'acme' }, other: { org: 'nobody' } } }));
  const env = { FAIRLEAD_CONFIG: file, FAIRLEAD_DATA_DIR: fairlead.dataDir, FAIRLEAD_PORT: '0' };
  const { settings } = await loadSettings({ env, flags: {}, cwd: fairlead.dataDir });
  lines.length = 0;
  await fairlead.running.reload({ ...settings, logLevel: 'debug' });
  expect(warned().map(({ message }) => message)).toEqual([missing('endpoints.other.org', 'nobody')]);
  expect(await told()).toEqual([missing('endpoints.other.org', 'nobody')]);
});
