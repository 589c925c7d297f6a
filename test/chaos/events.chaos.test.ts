import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sign } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Posted, startReceiver } from '../receiver.ts';
import { rounds } from './length.ts';
import { end, serve } from './serving.ts';

const times = rounds(10, 2);
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const shared = 'a secret that both have';
const eachRound = 20;

it('what was taken before a kill is delivered after it, at least once and each time with one id [CO-9] [SP-16]', {
  timeout: (times + 1) * 180_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-events-'));
  const receiver = await startReceiver();
  const destinations = {
    all: {
      type: 'webhook',
      url: `${receiver.url}/all`,
      secrets: secret,
      firstRetrySeconds: 0.1,
      attempts: 30,
      events: ['hook.*'],
    },
  };
  const sources = { forge: { format: 'github', secrets: shared } };
  writeFileSync(join(folder, 'fairlead.yaml'), stringify({ events: { destinations, sources } }));
  const started: ChildProcess[] = [];
  const taken = new Set<number>();
  let number = 0;
  try {
    for (let round = 0; round < times; round++) {
      const { child, url } = await serve(folder);
      started.push(child);
      // Some of what comes is delivered at once, some fails, and some is answered while the server dies.
      receiver.answer('/all', ...Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? 500 : 204)), 'hang');
      const send = async (which: number) => {
        const body = JSON.stringify({ number: which });
        const headers = { 'x-hub-signature-256': await sign(shared, body), 'x-github-event': 'push' };
        const { status } = await fetch(`${url}/hooks/forge`, { method: 'POST', body, headers });
        if (status === 202) taken.add(which);
      };
      const sending = Array.from({ length: eachRound }, () => send(number++).catch(() => undefined));
      const enough = taken.size + Math.floor(Math.random() * eachRound);
      await expect.poll(() => taken.size, { timeout: 60_000, interval: 1 }).toBeGreaterThan(enough);
      child.kill('SIGKILL');
      await Promise.all(sending);
    }
    receiver.answer('/all', 204);
    const { child } = await serve(folder);
    started.push(child);
    const numberOf = ({ body }: Posted) => JSON.parse(body).data.payload.number as number;
    const missing = () => [...taken].filter((one) => !receiver.posted.some((posted) => numberOf(posted) === one));
    await expect.poll(missing, { timeout: 120_000, interval: 100 }).toEqual([]);
    const ids = new Map<number, Set<string | undefined>>();
    for (const posted of receiver.posted) {
      new Webhook(secret).verify(posted.body, posted.headers);
      const one = numberOf(posted);
      ids.set(one, (ids.get(one) ?? new Set()).add(posted.headers['webhook-id']));
    }
    expect([...ids.values()].filter((all) => all.size !== 1)).toEqual([]);
  } finally {
    await end(started);
    await receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
