#!/usr/bin/env node
// Fairlead with the conformance fixtures as a toolset of its own; takes the flags of `fairlead serve`.
import { parseArgs } from 'node:util';
import { start } from '../../src/app/lifecycle.ts';
import { inheritedEnvironment, loadSettings, readEnvironment } from '../../src/config/index.ts';
import { createLog } from '../../src/platform/telemetry/index.ts';
import { createFixtures } from './fixtures/fixtures.ts';
import { fixtureToolset } from './fixtures/toolset.ts';

const { values: flags } = parseArgs({
  options: {
    config: { type: 'string' },
    'data-dir': { type: 'string' },
    port: { type: 'string' },
    'log-level': { type: 'string' },
  },
});
const env = readEnvironment();
const { settings } = await loadSettings({ env, cwd: process.cwd(), flags });
const running = await start({
  settings,
  log: createLog({ level: settings.logLevel, service: 'fairlead', destination: process.stderr }),
  inheritedEnvironment: inheritedEnvironment(env),
  toolsets: [fixtureToolset('fixtures', createFixtures())],
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.stop());
