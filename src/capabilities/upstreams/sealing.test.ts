import { describe, expect, it } from 'vitest';
import { httpUpstream, openApiUpstream, stdioUpstream } from '../../config/schema.ts';
import { createKeyring } from '../../platform/keyring/index.ts';
import { keepHidden, masked, resolveReferences, seal, unseal } from './sealing.ts';
import { redactor } from './secrets.ts';

const http = httpUpstream.parse({ url: 'https://mcp.example.com/mcp', headers: { Authorization: 'Bearer old' } });
const stdio = stdioUpstream.parse({ command: 'server', args: ['--root', '/data'], env: { TOKEN: 'old' } });

describe('a hidden value in a change', () => {
  it('stays as it was while it goes where it went [SP-9]', () => {
    const path = { url: 'https://mcp.example.com/other', headers: { Authorization: '***' } };
    expect(keepHidden(path, http)).toMatchObject({ headers: { Authorization: 'Bearer old' } });
    const same = { command: 'server', args: ['--root', '/data'], env: { TOKEN: '***' } };
    expect(keepHidden(same, stdio)).toMatchObject({ env: { TOKEN: 'old' } });
  });

  it('is not sent to another address or program [SP-9]', () => {
    const elsewhere = { url: 'https://evil.example.com/mcp', headers: { Authorization: '***' } };
    expect(() => keepHidden(elsewhere, http)).toThrow(/headers\.Authorization/);
    expect(() => keepHidden({ ...elsewhere, url: 'http://mcp.example.com/mcp' }, http)).toThrow();
    expect(() => keepHidden({ command: 'sh', args: ['-c', 'env'], env: { TOKEN: '***' } }, stdio)).toThrow(
      /env\.TOKEN/,
    );
    expect(() => keepHidden({ command: 'server', args: ['--print-env'], env: { TOKEN: '***' } }, stdio)).toThrow();
    const given = { ...elsewhere, headers: { Authorization: 'Bearer new' } };
    expect(keepHidden(given, http)).toMatchObject({ headers: { Authorization: 'Bearer new' } });
  });
});

describe('an OpenAPI document that was given whole', () => {
  const document = { openapi: '3.1.0', info: { title: `write \${env:HOME} for it` } };
  const api = openApiUpstream.parse({
    openapi: document,
    baseUrl: 'https://api.example.com/v1',
    secrets: { token: 'old' },
  });

  it('is no text to put values into, and is sealed and opened without its secrets showing [CA-3]', async () => {
    const keyring = createKeyring('a secret of thirty-two bytes or more, for tests');
    expect(await resolveReferences(api, undefined)).toEqual({ settings: api });
    const sealed = seal(keyring, 'default', 'a', api);
    expect(JSON.stringify(sealed)).not.toContain('old');
    expect(unseal(keyring, 'default', 'a', sealed)).toEqual(api);
    expect(masked(api)).toMatchObject({ openapi: '***', secrets: { token: '***' } });
  });

  it('stays as it was by its mask, and its secrets where they went [CA-3] [SP-9]', () => {
    const change = { openapi: '***', baseUrl: 'https://api.example.com/v2', secrets: { token: '***' } };
    expect(keepHidden(change, api)).toMatchObject({ openapi: document, secrets: { token: 'old' } });
    expect(() => keepHidden({ ...change, baseUrl: 'https://evil.example.com' }, api)).toThrow(/secrets\.token/);
    expect(() => keepHidden({ ...change, baseUrl: undefined }, api)).toThrow(/secrets\.token/);
    // Where only the document says where the API is, another document may say something else.
    const { baseUrl: _, ...unplaced } = api;
    expect(keepHidden({ openapi: '***', secrets: { token: '***' } }, unplaced)).toMatchObject({
      secrets: { token: 'old' },
    });
    expect(() => keepHidden({ openapi: document, secrets: { token: '***' } }, unplaced)).toThrow(/secrets\.token/);
    const at = openApiUpstream.parse({ openapi: 'https://a.example/o.json?key=k', secrets: { token: 'old' } });
    expect(masked(at)).toMatchObject({ openapi: 'https://a.example/o.json?key=***' });
    expect(keepHidden(masked(at), at)).toMatchObject({
      openapi: 'https://a.example/o.json?key=k',
      secrets: { token: 'old' },
    });
  });
});

describe('what a client proves itself with', () => {
  const auth = {
    grant: 'enterprise_managed',
    issuer: 'https://as.example',
    clientId: 'us',
    clientSecret: 'old secret',
    identityProvider: { issuer: 'https://idp.example', clientId: 'us', privateKey: 'old key' },
  };
  const before = httpUpstream.parse({ url: 'https://mcp.example.com/mcp', auth });
  const hidden = {
    ...auth,
    clientSecret: '***',
    identityProvider: { ...auth.identityProvider, privateKey: '***' },
  };

  it('is sealed, and shown to nobody [AC-4]', () => {
    const keyring = createKeyring('a secret of thirty-two bytes or more, for tests');
    const sealed = seal(keyring, 'default', 'a', before);
    expect(JSON.stringify(sealed)).not.toMatch(/old (secret|key)/);
    expect(unseal(keyring, 'default', 'a', sealed)).toEqual(before);
    expect(masked(before)).toMatchObject({ auth: hidden });
    expect(JSON.stringify(masked(before))).not.toMatch(/old (secret|key)/);
    expect(redactor(before)('it said "old secret" and "old key"')).toBe('it said "***" and "***"');
  });

  it('stays in a change that goes to the same servers, and to no others [AC-4]', () => {
    const { url } = before as { url: string };
    expect(keepHidden({ url, auth: hidden }, before)).toMatchObject({ auth });
    const elsewhere = { ...hidden, issuer: 'https://evil.example' };
    expect(() => keepHidden({ url, auth: elsewhere }, before)).toThrow(/auth\.clientSecret/);
    const provider = { ...hidden, identityProvider: { ...hidden.identityProvider, issuer: 'https://evil.example' } };
    expect(() => keepHidden({ url, auth: provider }, before)).toThrow(/auth\.identityProvider\.privateKey/);
    expect(() => keepHidden({ url: 'https://evil.example', auth: hidden }, before)).toThrow(/auth\.clientSecret/);
  });

  it('may be a reference, as everywhere [AC-4]', async () => {
    const reference = `\${env:SECRET}`;
    const written = httpUpstream.parse({ url: 'https://a.example', auth: { ...auth, clientSecret: reference } });
    expect(masked(written)).toMatchObject({ auth: { clientSecret: reference } });
    const resolved = await resolveReferences(written, async () => 'resolved');
    expect(resolved.settings).toMatchObject({ auth: { clientSecret: 'resolved' } });
  });
});
