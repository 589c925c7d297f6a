import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { diesWithUs, freePort, startProgram, which } from '../../scripts/services/service.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

const program = process.env.TEST_PROMETHEUS ?? which('prometheus');

describe('a real Prometheus', () => {
  let fairlead: Fairlead;
  let prometheus: { url: string; stop(): Promise<void> };

  beforeAll(async () => {
    if (program === undefined) return;
    fairlead = await startFairlead({ config: { upstreams: { fixtures: fixtureUpstream('both') } } });
    prometheus = await startPrometheus(program, new URL(fairlead.url).host);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await fairlead?.stop();
  });

  it('scrapes the metrics of calls, requests, upstreams and the pool [SP-18]', async (test) => {
    if (program === undefined) return test.skip('Prometheus is not installed; `npm run test:services` brings it');
    for (let n = 0; n < 3; n++) {
      const reply = await fairlead.request('/api/v1/tools/fixtures.echo/call', { json: { arguments: { n } } });
      expect(reply.status).toBe(200);
    }

    const calls = 'mcp_tool_invocations_total{tool_name="fixtures.echo",status="ok"}';
    await expect.poll(() => valuesOf(prometheus.url, calls), { timeout: 20_000 }).toEqual([3]);
    expect(await valuesOf(prometheus.url, 'up{job="fairlead"}')).toEqual([1]);
    expect(await valuesOf(prometheus.url, 'mcp_tool_duration_seconds_count{tool_name="fixtures.echo"}')).toEqual([3]);
    expect(await valuesOf(prometheus.url, 'fairlead_upstream_state{upstream="fixtures",state="live"}')).toEqual([1]);
    const requests = await valuesOf(prometheus.url, 'sum(http_request_duration_seconds_count)');
    expect(requests[0]).toBeGreaterThanOrEqual(3);
    for (const name of ['mcp_active_connections', 'fairlead_pool_connections', 'nodejs_eventloop_lag_seconds']) {
      expect(await valuesOf(prometheus.url, name), name).toHaveLength(1);
    }
    // It parses every line of the page, and says what it could not take.
    expect(await valuesOf(prometheus.url, 'scrape_samples_scraped > 20')).toHaveLength(1);
  });
});

async function startPrometheus(command: string, target: string): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-prometheus-'));
  const config = join(dir, 'prometheus.yml');
  const jobs = [{ job_name: 'fairlead', scrape_interval: '500ms', static_configs: [{ targets: [target] }] }];
  writeFileSync(config, stringify({ global: { scrape_timeout: '500ms' }, scrape_configs: jobs }));
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=${new URL(url).host}`,
  ];
  const { stop } = await startProgram({
    ...diesWithUs(command, args),
    answers: () => isUp(`${url}/-/ready`),
  });
  return { url, stop: () => stop().finally(() => rmSync(dir, { recursive: true, force: true })) };
}

async function isUp(url: string): Promise<boolean> {
  return await fetch(url)
    .then(({ ok }) => ok)
    .catch(() => false);
}

async function valuesOf(prometheus: string, query: string): Promise<number[]> {
  await wait(50);
  const reply = await fetch(`${prometheus}/api/v1/query?${new URLSearchParams({ query })}`);
  const { data } = (await reply.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result.map(({ value }) => Number(value[1]));
}
