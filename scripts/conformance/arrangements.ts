import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { serveFixtures } from '../../test/conformance/fixtures/http.ts';
import { root } from '../places.ts';
import { diesWithUs, freePort, startProgram } from '../services/service.ts';

/** Where the fixtures stand, seen from the suites. */
export const arrangementNames = ['direct', 'http', 'stdio'] as const;
export type ArrangementName = (typeof arrangementNames)[number];

export const arrangementTitles: Record<ArrangementName, string> = {
  direct: 'the fixtures alone, without Fairlead',
  http: 'Fairlead, the fixtures behind it over Streamable HTTP',
  stdio: 'Fairlead, the fixtures behind it over stdio',
};

export interface Arrangement {
  url: string;
  stop(): Promise<void>;
}

const fixturesProgram = join(root, 'test', 'conformance', 'fixtures-server.ts');

export async function arrange(name: ArrangementName): Promise<Arrangement> {
  if (name === 'direct') return await serveFixtures();
  if (name === 'stdio') return await startFairlead({ command: process.execPath, args: [fixturesProgram, '--stdio'] });
  const fixtures = await serveFixtures();
  try {
    const fairlead = await startFairlead({ url: fixtures.url });
    return {
      url: fairlead.url,
      async stop() {
        await fairlead.stop();
        await fixtures.stop();
      },
    };
  } catch (error) {
    await fixtures.stop();
    throw error;
  }
}

/** A Fairlead with a data folder of its own that serves one upstream, names as they are, to anybody on this machine. */
async function startFairlead(upstream: object): Promise<Arrangement> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-conformance-'));
  const config = join(dir, 'fairlead.yaml');
  const settings = {
    upstreams: { fixtures: { ...upstream, startTimeoutMs: 20_000 } },
    endpoints: { conformance: { toolsets: ['fixtures'], naming: 'bare', anonymous: 'admin' } },
  };
  writeFileSync(config, stringify(settings));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const flags = { '--config': config, '--data-dir': join(dir, 'data'), '--port': String(port), '--log-level': 'warn' };
  const args = [join(root, 'src', 'main.ts'), 'serve', ...Object.entries(flags).flat()];
  const { stop } = await startProgram({
    ...diesWithUs(process.execPath, args),
    answers: () => isReady(`${origin}/readyz`),
    startLimitMs: 60_000,
  });
  return {
    url: `${origin}/mcp/conformance`,
    async stop() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
