import { describe, expect, it, onTestFinished } from 'vitest';
import { createMetrics, type Metrics } from './metrics.ts';

function testMetrics(): Metrics {
  const metrics = createMetrics();
  onTestFinished(() => metrics.stop());
  return metrics;
}

async function samples(metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.render()).split('\n').filter((line) => line.startsWith(name));
}

describe('the metrics', () => {
  it('carry the promised names and labels [SP-18]', async () => {
    const metrics = testMetrics();
    metrics.call({ org: 'default', tool: 'files.read', status: 'ok', durationMs: 30 });
    metrics.call({ org: 'default', tool: 'files.read', status: 'denied', durationMs: 1 });
    metrics.call({ org: 'default', status: 'invalid', durationMs: 1 });
    metrics.request({ method: 'POST', route: '/mcp', status: 200, durationMs: 40 });
    const close = metrics.connectionOpened();
    metrics.connectionOpened();
    close();
    close();
    expect(await samples(metrics, 'mcp_tool_invocations_total{')).toEqual([
      'mcp_tool_invocations_total{tool_name="files.read",status="ok"} 1',
      'mcp_tool_invocations_total{tool_name="files.read",status="denied"} 1',
      'mcp_tool_invocations_total{tool_name="unknown",status="invalid"} 1',
    ]);
    expect(await samples(metrics, 'mcp_tool_duration_seconds_sum')).toContain(
      'mcp_tool_duration_seconds_sum{tool_name="files.read"} 0.031',
    );
    expect(await samples(metrics, 'http_request_duration_seconds_count')).toEqual([
      'http_request_duration_seconds_count{method="POST",route="/mcp",status="200"} 1',
    ]);
    expect(await samples(metrics, 'mcp_active_connections')).toEqual(['mcp_active_connections 1']);
  });

  it('show upstreams, pool, audit queue, the event loop and the process [SP-18]', async () => {
    const metrics = testMetrics();
    let state = 'starting';
    metrics.watchUpstreams(() => [{ org: 'default', name: 'files', state }]);
    metrics.watchPool(() => ({ total: 5, idle: 3, waiting: 0 }));
    metrics.watchAuditQueue(() => ({ used: 2, size: 100, dropped: 7 }));
    metrics.gauge('fairlead_calls_in_flight', 'Calls that run', () => 7);
    const count = metrics.counter('fairlead_retries_total', 'Further tries');
    count();
    count(2);
    await metrics.render();
    state = 'live';
    const text = await metrics.render();
    for (const line of [
      'fairlead_upstream_state{upstream="files",state="live"} 1',
      'fairlead_pool_connections 5',
      'fairlead_pool_idle 3',
      'fairlead_pool_waiting 0',
      'fairlead_audit_queue_used 2',
      'fairlead_audit_queue_size 100',
      'fairlead_audit_dropped_total 7',
      'fairlead_calls_in_flight 7',
      'fairlead_retries_total 3',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).not.toContain('state="starting"');
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).toMatch(/^process_resident_memory_bytes /m);
  });

  it('name no tenant and no tool of one [SP-18]', async () => {
    const metrics = testMetrics();
    metrics.call({ org: 'acme', tool: 'acmecrm.delete', status: 'ok', durationMs: 1 });
    metrics.watchUpstreams(() => [
      { org: 'acme', name: 'acmecrm', state: 'live' },
      { org: 'globex', name: 'globexcrm', state: 'live' },
      { org: 'default', name: 'files', state: 'live' },
    ]);
    const text = await metrics.render();
    expect(text).not.toMatch(/acme|globex/);
    expect(text).toContain('mcp_tool_invocations_total{tool_name="other",status="ok"} 1');
    expect(text).toContain('fairlead_upstream_state{upstream="other",state="live"} 2');
  });

  it('stay bounded whatever names come [SP-18]', async () => {
    const metrics = testMetrics();
    for (let i = 0; i < 2_100; i++) {
      metrics.call({ org: 'default', tool: `files.t${i}`, status: 'ok', durationMs: 1 });
    }
    for (let i = 0; i < 50; i++) metrics.request({ method: `X${i}`, route: '/mcp', status: 405, durationMs: 1 });
    metrics.call({ org: 'default', tool: 'files.t5', status: 'ok', durationMs: 1 });
    const tools = await samples(metrics, 'mcp_tool_invocations_total{');
    expect(tools).toHaveLength(2_001);
    expect(tools).toContain('mcp_tool_invocations_total{tool_name="other",status="ok"} 100');
    expect(tools).toContain('mcp_tool_invocations_total{tool_name="files.t5",status="ok"} 2');
    expect(await samples(metrics, 'http_request_duration_seconds_count')).toHaveLength(1);
  });

  it('of two servers in one process stay apart [SP-18]', async () => {
    const [one, two] = [testMetrics(), testMetrics()];
    one.call({ org: 'default', tool: 'a.b', status: 'ok', durationMs: 1 });
    expect(await samples(two, 'mcp_tool_invocations_total{')).toEqual([]);
  });
});
