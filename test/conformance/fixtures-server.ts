#!/usr/bin/env node
// The conformance fixtures as a program: `--stdio`, or `--port N` for Streamable HTTP on loopback (0 picks a port).
import { parseArgs } from 'node:util';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createFixtures } from './fixtures/fixtures.ts';
import { serveFixtures } from './fixtures/http.ts';
import { createFixtureServer } from './fixtures/server.ts';

const { values } = parseArgs({
  options: { stdio: { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
});

if (values.stdio) {
  const fixtures = createFixtures();
  serveStdio(({ era }) => createFixtureServer(fixtures, era, { lasting: true }));
} else {
  const { url, stop } = await serveFixtures({ port: Number(values.port) });
  console.log(`Fixtures at ${url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}
