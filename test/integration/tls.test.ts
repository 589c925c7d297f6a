import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/index.ts';
import { type Fairlead, startFairlead } from '../harness.ts';
import { servePeopleUpstream, signInAtProvider } from '../people-upstream.ts';
import { openBrowser } from '../signin.ts';

let folder: string;
const servers: Fairlead[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-tls-'));
  makeAuthority('authority');
  makeAuthority('stranger');
  certify('first', 'authority');
  certify('second', 'authority');
  certify('agent', 'authority');
  certify('spy', 'stranger');
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

function makeAuthority(name: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  openssl('req', '-x509', ...key, '-out', `${name}.crt`, '-subj', `/CN=${name}`, '-days', '2');
}

function certify(name: string, authority: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  openssl('req', ...key, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  writeFileSync(at(`${name}.ext`), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const by = ['-CA', `${authority}.crt`, '-CAkey', `${authority}.key`, '-CAcreateserial'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`, '-days', '2', '-extfile', `${name}.ext`);
}

function use(certificate: string, as: string): void {
  copyFileSync(at(`${certificate}.crt`), at(`${as}.crt`));
  copyFileSync(at(`${certificate}.key`), at(`${as}.key`));
}

async function serve(name: string, more = {}) {
  use('first', name);
  const config = { server: { tls: { cert: at(`${name}.crt`), key: at(`${name}.key`), ...more } } };
  const fairlead = await startFairlead({ config });
  servers.push(fairlead);
  return { fairlead, config };
}

interface Got {
  status: number;
  text: string;
  /** Common name of the certificate that the server showed. */
  shown: string;
  /** How long a browser is to come by https alone. */
  strictly: string | undefined;
}

function get(fairlead: Fairlead, path: string, { as, agent }: { as?: string; agent?: Agent } = {}): Promise<Got> {
  const own = as === undefined ? {} : { cert: readFileSync(at(`${as}.crt`)), key: readFileSync(at(`${as}.key`)) };
  return new Promise((resolve, reject) => {
    const sent = request(
      `${fairlead.url}${path}`,
      {
        headers: { authorization: `Bearer ${fairlead.adminKey}` },
        ca: readFileSync(at('authority.crt')),
        agent: agent ?? false,
        ...own,
      },
      (response) => {
        const shown = String((response.socket as TLSSocket).getPeerCertificate().subject.CN);
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        const strictly = response.headers['strict-transport-security'];
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, shown, strictly }));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

describe('a server with a certificate', () => {
  it('speaks https only, and says so to browsers and in the addresses that it gives out [SP-8] [RE-6]', async () => {
    const { fairlead } = await serve('plain');
    expect(fairlead.url).toMatch(/^https:/);
    expect(await get(fairlead, '/api/v1/tools')).toMatchObject({
      status: 200,
      shown: 'first',
      strictly: 'max-age=31536000',
    });
    const metadata = JSON.parse((await get(fairlead, '/.well-known/oauth-protected-resource/mcp')).text);
    expect(metadata.resource).toBe(`${fairlead.url}/mcp`);
    await expect(fetch(`${fairlead.url.replace('https', 'http')}/healthz`)).rejects.toThrow();
  });

  it('shows renewed files to new connections, and keeps those that are open [SP-8]', async () => {
    const { fairlead, config } = await serve('renewed');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await get(fairlead, '/healthz', { agent })).shown).toBe('first');
    use('second', 'renewed');
    expect((await get(fairlead, '/healthz')).shown).toBe('first'); // files alone change nothing yet
    const reloaded = await fairlead.running.reload(await settingsOf(fairlead, config));
    expect(reloaded.failed).toEqual([]);
    expect((await get(fairlead, '/healthz')).shown).toBe('second');
    expect(await get(fairlead, '/healthz', { agent })).toMatchObject({ status: 200, shown: 'first' });
    agent.destroy();
  });

  it('goes on with what it has when renewed files are not usable [SP-8]', async () => {
    const { fairlead, config } = await serve('broken');
    const settings = await settingsOf(fairlead, config);
    writeFileSync(at('broken.crt'), 'this is no certificate');
    const reloaded = await fairlead.running.reload(settings);
    expect(reloaded.failed.join()).toContain('tls');
    expect(await get(fairlead, '/healthz')).toMatchObject({ status: 200, shown: 'first' });
    copyFileSync(at('second.crt'), at('broken.crt')); // the key is still the one of the first
    expect((await fairlead.running.reload(settings)).failed.join()).toContain('tls');
    expect(await get(fairlead, '/healthz')).toMatchObject({ status: 200, shown: 'first' });
  });
});

describe('a server that the world reaches by https', () => {
  it('is known to the authorization server of an upstream by its metadata document [AC-2] [AC-4]', async () => {
    const usual = getCACertificates('default');
    setDefaultCACertificates([...usual, readFileSync(at('authority.crt'), 'utf8')]);
    const publicUrl = 'https://fairlead.example.com';
    const here = (url: string) => url.replace(publicUrl, fairlead.url);
    // No registration there: without the document nobody could begin.
    const upstream = await servePeopleUpstream({ reach: (url) => here(url) });
    const tls = { cert: at('first.crt'), key: at('first.key') };
    const upstreams = { tickets: { url: upstream.url, auth: { grant: 'authorization_code' } } };
    const fairlead = await startFairlead({
      config: { egress: { allow: ['127.0.0.1'] }, server: { tls, publicUrl }, upstreams },
    });
    try {
      const key = await fairlead.makeKey(['developer']);
      const asked = await fairlead.request('/api/v1/connections/tickets', { key, method: 'POST' });
      const { link } = await asked.json();
      expect(link).toContain(`${publicUrl}/auth/connections/start`);
      const browser = openBrowser(fairlead.url);
      browser.headers.origin = publicUrl;
      await browser.open(here(link));
      await browser.submit({}, '/auth/connections/start');
      expect(browser.page.text).toContain('On to');
      const onward = new URL(/<a href="([^"]+)" rel/.exec(browser.page.text)?.[1]?.replaceAll('&amp;', '&') ?? '');
      expect(onward.searchParams.get('client_id')).toBe(`${publicUrl}/auth/connections/client.json`);
      upstream.account = 'kim';
      await browser.open(here(await signInAtProvider(onward.href, publicUrl)));
      expect(browser.page.text).toContain('Connected');
      const json = { arguments: { text: 'by document' } };
      await expect
        .poll(async () => (await fairlead.request('/api/v1/tools/tickets.echo/call', { key, json })).status, {
          timeout: 60_000,
        })
        .toBe(200);
      await upstream.endTokens(); // and renewed by it as well
      expect((await fairlead.request('/api/v1/tools/tickets.echo/call', { key, json })).status).toBe(200);
      expect(upstream.heard.findLast(({ body }) => body.includes('by document'))).toMatchObject({ account: 'kim' });
      expect(upstream.asked.map(({ grant, status }) => [grant, status])).toEqual([
        ['authorization_code', 200],
        ['refresh_token', 200],
      ]);
    } finally {
      await fairlead.stop();
      await upstream.stop();
      setDefaultCACertificates(usual);
    }
  }, 120_000);
});

describe('client certificates', () => {
  it('are required where the file says so: none or one of a stranger gets no answer [SP-8]', async () => {
    const { fairlead } = await serve('strict', { clientCa: at('authority.crt'), requireClientCert: true });
    await expect(get(fairlead, '/healthz')).rejects.toThrow();
    await expect(get(fairlead, '/healthz', { as: 'spy' })).rejects.toThrow();
    expect((await get(fairlead, '/api/v1/tools', { as: 'agent' })).status).toBe(200);
  });

  it('are taken and not required otherwise; a key is needed all the same [SP-8]', async () => {
    const { fairlead } = await serve('lenient', { clientCa: at('authority.crt') });
    expect((await get(fairlead, '/healthz')).status).toBe(200);
    expect((await get(fairlead, '/healthz', { as: 'agent' })).status).toBe(200);
    fairlead.adminKey = 'fl_not_a_key';
    expect((await get(fairlead, '/api/v1/tools', { as: 'agent' })).status).toBe(401);
  });
});

/** The settings that a server was started with, loaded again. */
async function settingsOf({ dataDir }: Fairlead, config: object) {
  const file = at(`reload-${Date.now()}.yaml`);
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML
  const { settings } = await loadSettings({
    env: { FAIRLEAD_CONFIG: file, FAIRLEAD_DATA_DIR: dataDir, FAIRLEAD_PORT: '0', FAIRLEAD_LOG_LEVEL: 'silent' },
    flags: {},
    cwd: folder,
  });
  return settings;
}
