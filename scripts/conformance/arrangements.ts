import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { serveFixtures } from '../../test/conformance/fixtures/http.ts';
import { root } from '../places.ts';
import { diesWithUs, freePort, startProgram } from '../services/service.ts';

/** Where the fixtures stand, seen from the suites. */
export const arrangementNames = ['direct', 'inside', 'http', 'stdio'] as const;
export type ArrangementName = (typeof arrangementNames)[number];

export const arrangementTitles: Record<ArrangementName, string> = {
  direct: 'the fixtures alone, without Fairlead',
  inside: 'Fairlead, the fixtures as a toolset of its own',
  http: 'Fairlead, the fixtures behind it over Streamable HTTP',
  stdio: 'Fairlead, the fixtures behind it over stdio',
};

export interface Arrangement {
  url: string;
  stop(): Promise<void>;
}

const folder = join(root, 'test', 'conformance');
export const clientTitles = {
  other: 'the upstream connector',
  auth: 'the upstream connector, authorization',
} as const;

/** The upstream connector as a client program; the suites add the URL of their server. */
export const clientCommand = `${process.execPath} ${join(folder, 'upstream-client.ts')}`;

const serve = [join(root, 'src', 'main.ts'), 'serve'];

export async function arrange(name: ArrangementName): Promise<Arrangement> {
  switch (name) {
    case 'direct':
      return await serveFixtures();
    case 'inside':
      return await startFairlead([join(folder, 'fairlead-inside.ts')]);
    case 'stdio':
      return await startFairlead(serve, {
        command: process.execPath,
        args: [join(folder, 'fixtures-server.ts'), '--stdio'],
      });
    case 'http': {
      const fixtures = await serveFixtures();
      const fairlead = await startFairlead(serve, { url: fixtures.url }).catch(async (error) => {
        await fixtures.stop();
        throw error;
      });
      return { url: fairlead.url, stop: () => fairlead.stop().finally(fixtures.stop) };
    }
  }
}

/** A Fairlead with a data folder of its own that serves the fixtures, names as they are, to anybody on this machine. */
async function startFairlead(program: readonly string[], upstream?: object): Promise<Arrangement> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-conformance-'));
  const config = join(dir, 'fairlead.yaml');
  const settings = {
    ...(upstream === undefined ? {} : { upstreams: { fixtures: { ...upstream, startTimeoutMs: 20_000 } } }),
    endpoints: { conformance: { toolsets: ['fixtures'], naming: 'bare', anonymous: 'admin' } },
  };
  writeFileSync(config, stringify(settings));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const flags = { '--config': config, '--data-dir': join(dir, 'data'), '--port': String(port), '--log-level': 'warn' };
  try {
    const { stop } = await startProgram({
      ...diesWithUs(process.execPath, [...program, ...Object.entries(flags).flat()]),
      answers: () => isReady(`${origin}/readyz`),
      startLimitMs: 60_000,
    });
    return {
      url: `${origin}/mcp/conformance`,
      stop: () => stop().finally(() => rmSync(dir, { recursive: true, force: true })),
    };
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
