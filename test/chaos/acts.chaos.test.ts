import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { adminKey, end, serve } from './serving.ts';

const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };

it('leaves a record of an administrative act in whose middle the server was killed [SP-16]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-acts-'));
  writeFileSync(join(folder, 'fairlead.yaml'), stringify({ egress: { allow: ['127.0.0.1'] } }));
  const silent = createServer(() => {}); // takes the request and never answers
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const started: ChildProcess[] = [];
  try {
    const first = await serve(folder);
    started.push(first.child);
    const reached = once(silent, 'request');
    const settings = { url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/mcp` };
    const body = JSON.stringify({ name: 'silent', settings });
    const cut = fetch(`${first.url}/api/v1/upstreams/test`, { method: 'POST', headers, body }).catch(() => 'cut');
    await reached;
    first.child.kill('SIGKILL');
    expect(await cut).toBe('cut');

    const second = await serve(folder);
    started.push(second.child);
    const response = await fetch(`${second.url}/api/v1/audit?kind=act&outcome=failed`, { headers });
    expect(await response.json()).toMatchObject({
      records: [{ action: 'upstreams.test', subject: 'silent', errorCode: 'OUTCOME_UNKNOWN', outcomeUnknown: true }],
    });
  } finally {
    await end(started);
    silent.closeAllConnections();
    silent.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 150_000);
