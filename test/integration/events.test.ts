import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../cli/run.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { type Posted, type Receiver, startReceiver } from '../receiver.ts';

// What happens, from where it is published to whoever has a destination for it.

const secret = () => `whsec_${randomBytes(32).toString('base64')}`;
const [current, former] = [secret(), secret()];
let fairlead: Fairlead;
let receiver: Receiver;
let withTls: Receiver;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-events-'));

beforeAll(async () => {
  receiver = await startReceiver();
  withTls = await startReceiver(selfSigned());
  const declared = (path: string, more = {}) => ({
    ...{
      type: 'webhook',
      url: `${receiver.url}${path}`,
      secrets: current,
      firstRetrySeconds: 0.1,
      events: [`try${path.replace('/', '.')}`],
    },
    ...more,
  });
  fairlead = await startFairlead({
    config: {
      egress: { allow: ['127.0.0.1'] },
      events: {
        destinations: {
          two: declared('/two', { secrets: [current, former], events: ['two.*'] }),
          again: declared('/again', { attempts: 3 }),
          later: declared('/later'),
          elsewhere: declared('/elsewhere'),
          gone: declared('/gone'),
          broken: declared('/broken', { attempts: 2 }),
          slow: declared('/slow', { attempts: 1, timeoutSeconds: 1 }),
          down: declared('/down', { attempts: 1, url: 'http://127.0.0.1:9/' }),
          unsure: declared('/unsure', { attempts: 1, url: withTls.url }),
          acts: declared('/acts', { events: ['act.*'] }),
          theirs: declared('/theirs', { org: 'theirs', events: ['*'] }),
        },
      },
    },
  });
}, 60_000);

afterAll(async () => {
  await fairlead?.stop();
  await receiver?.stop();
  await withTls?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function selfSigned() {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'x.key'];
  const name = ['-subj', '/CN=receiver', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', 'x.crt', ...name, '-days', '2'], {
    cwd: folder,
    stdio: 'pipe',
  });
  return { key: readFileSync(join(folder, 'x.key'), 'utf8'), cert: readFileSync(join(folder, 'x.crt'), 'utf8') };
}

const publish = (type: string, more: { org?: string; subject?: string; data?: Record<string, never> } = {}) => {
  const { events, database } = fairlead.running.house;
  return events.publish(database.db, { type, org: 'default', data: {}, ...more });
};
const verified = ({ body, headers }: Posted, by = current) => new Webhook(by).verify(body, headers) as never;
const api = async (path: string, init = {}) => {
  const response = await fairlead.request(`/api/v1/events${path}`, init);
  return response.status === 204 ? undefined : response.json();
};
/** Where the delivery to a destination stands, once it is over. */
const ended = async (destination: string, state = 'dead') => {
  const find = async () =>
    (await api(`/deliveries?destination=${destination}`)).deliveries.find(
      (one: { state: string }) => one.state === state,
    );
  await expect.poll(find, { timeout: 60_000, interval: 50 }).toBeDefined();
  return find();
};

describe('what happens', () => {
  it('is told when its transaction is committed, and never when that is rolled back [CO-9]', async () => {
    const { events, database } = fairlead.running.house;
    const none = new AbortController();
    const first = events.when('default', 'test.*', none.signal);
    const rolledBack = database.db.transaction().execute(async (trx) => {
      await events.publish(trx, { type: 'test.undone', org: 'default', data: {} });
      throw new Error('not this time');
    });
    await expect(rolledBack).rejects.toThrow('not this time');
    await database.db.transaction().execute(async (trx) => {
      const data = { a: [1], odd: 'nul \0 and half \ud83d' };
      await events.publish(trx, { type: 'test.done', org: 'default', subject: 'it', data, to: ['role:admin'] });
    });
    const data = { a: [1], odd: 'nul \ufffd and half \ufffd' };
    expect(await first).toMatchObject({ type: 'test.done', subject: 'it', data, to: ['role:admin'] });
  });

  it('is waited for by its type and in its organisation alone, and no longer than one wants [CO-9]', async () => {
    const { events, database } = fairlead.running.house;
    const leaving = new AbortController();
    const other = events.when('another', 'wait.*', leaving.signal);
    const exact = events.when('default', 'wait.second', leaving.signal);
    for (const type of ['wait.first', 'other.second', 'wait.second']) await publish(type);
    expect((await exact)?.type).toBe('wait.second');
    leaving.abort();
    expect(await other).toBeUndefined();
    await expect(publish('nodots')).rejects.toThrow('no type');
    await expect(publish('too.large', { data: { x: 'x'.repeat(1024 * 1024) } as never })).rejects.toThrow('more than');
    const kept = await sql<{ type: string }>`select type from events where type like 'wait.%'`.execute(database.db);
    expect(kept.rows.length).toBe(2);
  });
});

describe('a delivery', () => {
  it('is signed by every secret of its destination, as a verifier of others has it [CO-9]', async () => {
    await publish('two.one', { subject: 'it', data: { text: 'Grüße, 世界' } as never });
    const [posted] = (await receiver.got('/two')) as [Posted];
    for (const by of [current, former]) {
      expect(verified(posted, by)).toMatchObject({
        type: 'two.one',
        org: 'default',
        subject: 'it',
        data: { text: 'Grüße, 世界' },
      });
    }
    expect(() => verified(posted, secret())).toThrow('No matching signature');
    expect(() => verified({ ...posted, body: `${posted.body} ` })).toThrow('No matching signature');
    const { id, timestamp } = JSON.parse(posted.body);
    expect(posted.headers['webhook-id']).toBe(id);
    expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(60_000);
  });

  it('is tried again with the id that it had, until the other side takes it [CO-9]', async () => {
    receiver.answer('/again', 500, 503, 200);
    await publish('try.again');
    const posted = await receiver.got('/again', 3);
    expect(new Set(posted.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const one of posted) verified(one);
    expect(await ended('again', 'delivered')).toMatchObject({ attempts: 3, type: 'try.again' });
  });

  it('waits as long as the other side asks for [CO-9]', async () => {
    receiver.answer('/later', { status: 429, headers: { 'retry-after': '7200' } });
    const before = Date.now();
    await publish('try.later');
    await receiver.got('/later');
    const list = async () => (await api('/deliveries?destination=later')).deliveries[0];
    await expect.poll(async () => (await list())?.attempts, { timeout: 30_000 }).toBe(1);
    const waiting = await list();
    expect(waiting).toMatchObject({ state: 'waiting', status: 429, fault: 'it answers 429' });
    expect(waiting.nextAt).toBeGreaterThanOrEqual(before + 7_200_000);
  });

  it('ends at once where another try cannot help, and follows no redirect [CO-9]', async () => {
    receiver.answer('/elsewhere', { status: 307, headers: { location: `${receiver.url}/stolen` } });
    receiver.answer('/gone', 410);
    await publish('try.elsewhere');
    await publish('try.gone');
    expect(await ended('elsewhere')).toMatchObject({ attempts: 1, fault: 'it redirects (307), which is not followed' });
    expect(await ended('gone')).toMatchObject({ attempts: 1, status: 410 });
    expect(receiver.posted.some(({ path }) => path === '/stolen')).toBe(false);
  });

  it('says why it could not be made: no answer, nobody there, a certificate of nobody known [CO-9]', async () => {
    receiver.answer('/slow', 'hang');
    for (const what of ['slow', 'down', 'unsure']) await publish(`try.${what}`);
    expect((await ended('slow')).fault).toBe('it does not answer in time');
    expect((await ended('down')).fault).toContain('cannot be reached');
    expect((await ended('unsure')).fault).toContain('SELF_SIGNED_CERT');
    expect(withTls.posted).toEqual([]);
  });

  it('becomes a dead letter after its tries, and is replayed with the same id: one, or all [CO-9]', async () => {
    receiver.answer('/broken', 500);
    await publish('try.broken', { data: { number: 1 } as never });
    await publish('try.broken', { data: { number: 2 } as never });
    await receiver.got('/broken', 4);
    const dead = async () => (await api('/deliveries?state=dead&destination=broken')).deliveries;
    await expect.poll(async () => (await dead()).length, { timeout: 30_000 }).toBe(2);
    const [one, other] = await dead();
    const isFirst = (await api(`/deliveries/${one.id}`)).event.data.number === 1; // one millisecond has no order
    const [first, second] = isFirst ? [one, other] : [other, one];
    expect(first).toMatchObject({ attempts: 2, status: 500, fault: 'it answers 500' });
    expect((await api(`/deliveries/${first.id}`)).event).toMatchObject({ type: 'try.broken', data: { number: 1 } });

    receiver.answer('/broken', 200);
    expect(await api(`/deliveries/${first.id}/replay`, { method: 'POST' })).toEqual({ replayed: 1 });
    const fifth = (await receiver.got('/broken', 5))[4];
    expect(fifth?.headers['webhook-id']).toBe(first.event);
    expect((await fairlead.request(`/api/v1/events/deliveries/${first.id}/replay`, { method: 'POST' })).status).toBe(
      404,
    );
    expect(await api('/replay', { json: { destination: 'broken' } })).toEqual({ replayed: 1 });
    expect((await receiver.got('/broken', 6))[5]?.headers['webhook-id']).toBe(second.event);
    await expect.poll(async () => (await dead()).length, { timeout: 30_000 }).toBe(0);
  });

  it('goes to its own organisation alone, and only its administrators see of it [CO-9]', async () => {
    await fairlead.request('/api/v1/orgs', { json: { id: 'theirs', name: 'Theirs' } });
    await publish('try.theirs', { org: 'theirs' });
    const [posted] = (await receiver.got('/theirs')) as [Posted];
    expect(verified(posted)).toMatchObject({ org: 'theirs', type: 'try.theirs' });
    expect(receiver.posted.filter(({ path, body }) => path === '/theirs' && !body.includes('"theirs"'))).toEqual([]);
    const foreign = await fairlead.makeKey(['admin'], { org: 'theirs' });
    const seen = await (await fairlead.request('/api/v1/events/deliveries', { key: foreign })).json();
    expect(new Set(seen.deliveries.map(({ destination }: { destination: string }) => destination))).toEqual(
      new Set(['theirs']),
    );
    const { id } = (await api('/deliveries')).deliveries[0];
    expect((await fairlead.request(`/api/v1/events/deliveries/${id}`, { key: foreign })).status).toBe(404);
    const developer = await fairlead.makeKey(['developer']);
    for (const path of ['/destinations', '/deliveries'])
      expect((await fairlead.request(`/api/v1/events${path}`, { key: developer })).status).toBe(403);
  });

  it('tells of administrative acts that were done: who, and what to [CO-9]', async () => {
    const made = await (await fairlead.request('/api/v1/keys', { json: { name: 'brief', roles: ['viewer'] } })).json();
    await fairlead.request(`/api/v1/keys/${made.key.id}`, { method: 'DELETE' });
    const revoked = async () =>
      receiver.posted.find(({ path, body }) => path === '/acts' && body.includes('act.keys.revoke'));
    await expect.poll(revoked, { timeout: 30_000 }).toBeDefined();
    const posted = (await revoked()) as Posted;
    expect(verified(posted)).toMatchObject({
      type: 'act.keys.revoke',
      subject: made.key.id,
      data: { by: expect.stringMatching(/^key:/) },
    });
    expect(posted.body).not.toContain(made.secret);
  });
});

describe('a destination that is added at run time', () => {
  const cli = (...args: string[]) =>
    run(args, { cwd: folder, env: { FAIRLEAD_URL: fairlead.url, FAIRLEAD_KEY: fairlead.adminKey } });

  it('gets events from then on, is tested, gets a new secret with an overlap, and goes: by the command line [CO-9]', async () => {
    const to = ['--webhook', `${receiver.url}/added`, '--event', 'added.*', '--attempts', '1'];
    const added = await cli('events', 'destinations', 'add', 'pager', ...to, '--json');
    const first = JSON.parse(added.stdout).secret;
    expect(JSON.parse(added.stdout).settings).toMatchObject({ type: 'webhook', events: ['added.*'], attempts: 1 });
    expect((await cli('events', 'destinations', 'add', 'pager', ...to)).stderr).toContain('--replace');
    await publish('added.one');
    verified((await receiver.got('/added'))[0] as Posted, first);

    const rotated = JSON.parse((await cli('events', 'destinations', 'rotate', 'pager', '--json')).stdout).secret;
    expect((await cli('events', 'destinations', 'test', 'pager')).stdout).toMatch(/^Delivered in \d+ ms\.$/m);
    const tested = (await receiver.got('/added', 2))[1] as Posted;
    for (const by of [first, rotated]) expect(verified(tested, by)).toMatchObject({ type: 'fairlead.test' });

    await cli('events', 'destinations', 'add', 'pager', ...to, '--replace'); // keeps its secrets
    receiver.answer('/added', 500);
    expect(await cli('events', 'destinations', 'test', 'pager')).toMatchObject({
      code: 1,
      stdout: 'Not delivered: it answers 500.\n',
    });
    verified((await receiver.got('/added', 3))[2] as Posted, rotated);

    await publish('added.two');
    const { id } = await ended('pager');
    expect((await cli('events', 'deliveries', 'list', '--state', 'dead', '--destination', 'pager')).stdout).toContain(
      id,
    );
    expect((await cli('events', 'deliveries', 'show', id)).stdout).toMatch(/fault +it answers 500/);
    receiver.answer('/added', 200);
    expect((await cli('events', 'deliveries', 'replay', id)).stdout).toBe('1 dead letter on the way again.\n');
    await receiver.got('/added', 5);
    expect((await cli('events', 'deliveries', 'replay')).code).toBe(2);

    const listed = (await cli('events', 'destinations', 'list')).stdout;
    expect(listed).toMatch(/^pager +webhook +added\.\* +http:\S+ +runtime$/m);
    expect(listed).toMatch(/^two +webhook +two\.\* +http:\S+ +file$/m);
    expect((await cli('events', 'destinations', 'remove', 'two')).stderr).toContain('configuration file');
    expect((await cli('events', 'destinations', 'remove', 'pager')).code).toBe(0);
    await publish('added.three');
    expect((await api('/destinations')).destinations.map(({ name }: { name: string }) => name)).not.toContain('pager');
  });

  it('is refused where the address is not to be reached, or what it says is wrong [CO-9]', async () => {
    const put = async (name: string, settings: Record<string, unknown>) =>
      (await fairlead.request(`/api/v1/events/destinations/${name}`, { method: 'PUT', json: { settings } })).json();
    const to = (url: string) => put('inside', { type: 'webhook', url });
    for (const url of ['http://169.254.169.254/latest', 'http://10.1.2.3/', 'http://[::1]/'])
      expect(await to(url)).toMatchObject({ code: 'EGRESS_BLOCKED' });
    expect((await to('ftp://127.0.0.1/')).message).toContain('url: must be a URL that begins with');
    const wrong = await put('Wrong Name', { type: 'webhook', url: receiver.url, secrets: 'short', events: ['.x'] });
    for (const part of ['name: ', 'secrets: ', 'events.0: ']) expect(wrong.message).toContain(part);
    expect(await put('two', { type: 'webhook', url: receiver.url })).toMatchObject({ code: 'DESTINATION_DECLARED' });
    expect(await put('reference', { type: 'webhook', url: receiver.url, secrets: `\${env:${'PATH'}}` })).toMatchObject({
      code: 'INVALID_REQUEST',
    });
  });

  it('stands in no table, list or record with its secret [CO-9]', async () => {
    const mine = secret();
    const settings = { type: 'webhook', url: `${receiver.url}/kept`, secrets: mine, events: ['kept.*'] };
    await api('/destinations/kept', { method: 'PUT', json: { settings } });
    await publish('kept.one');
    verified((await receiver.got('/kept'))[0] as Posted, mine);
    const { db } = fairlead.running.house.database;
    const bare = mine.slice('whsec_'.length);
    const rows = await sql`select settings from event_destinations`.execute(db);
    const audit = await (await fairlead.request('/api/v1/audit?limit=100')).text();
    for (const text of [JSON.stringify(rows.rows), audit, JSON.stringify(await api('/destinations'))])
      expect(text).not.toContain(bare);
    expect(audit).toContain('events.put_destination');
  });
});
