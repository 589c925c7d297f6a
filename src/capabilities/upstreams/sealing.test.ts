import { describe, expect, it } from 'vitest';
import { httpUpstream, stdioUpstream } from '../../config/schema.ts';
import { keepHidden } from './sealing.ts';

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
