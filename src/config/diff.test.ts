import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { diffSettings } from './diff.ts';
import { loadSettings } from './load.ts';

async function settings(text: string, env: Record<string, string> = {}) {
  const cwd = mkdtempSync(join(tmpdir(), 'fairlead-diff-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(join(cwd, 'fairlead.yaml'), text);
  const loaded = await loadSettings({ env, flags: {}, cwd, prepare: false });
  return { ...loaded.settings, dataDir: '/d', baseDir: '/b', configFile: '/b/f', upstreams: loaded.settings.upstreams };
}

describe('the difference between settings', () => {
  it('says what takes effect at once and what waits for a restart, upstream by upstream [SP-3]', async () => {
    const before = await settings(
      'upstreams: { same: { url: "http://a" }, changed: { url: "http://a" }, gone: { url: "http://a" } }\nendpoints: { dev: {} }\n',
    );
    const after = await settings(
      'upstreams: { changed: { url: "http://b" }, same: { url: "http://a" }, added: { url: "http://a" } }\nendpoints: { dev: { naming: bare } }\nserver: { logLevel: debug, maxBodyBytes: 10, metricsToken: 0123456789abcdef }\naudit: { queueSize: 5 }\n',
      { FAIRLEAD_PORT: '1' },
    );
    expect(diffSettings(before, after)).toEqual({
      live: ['endpoints.dev', 'logLevel', 'upstreams.added', 'upstreams.changed', 'upstreams.gone'],
      restart: ['allowedOrigins', 'audit', 'maxBodyBytes', 'metricsToken', 'port', 'publicUrl'],
    });
    expect(diffSettings(before, after, ['port', 'audit']).live).toEqual(['audit', 'port']);
  });

  it('is empty for the same settings written in another order [SP-3]', async () => {
    const one = await settings('development: true\nupstreams: { a: { command: x, args: [y] } }');
    const two = await settings('upstreams:\n  a:\n    args: [y]\n    command: x\ndevelopment: true');
    const place = { ...two, upstreams: { a: { ...two.upstreams.a, cwd: '/x' } as never } };
    expect(diffSettings({ ...one, upstreams: { a: { ...one.upstreams.a, cwd: '/x' } as never } }, place)).toEqual({
      live: [],
      restart: [],
    });
  });
});
