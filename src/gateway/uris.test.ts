import { describe, expect, it } from 'vitest';
import { withWireUris } from './uris.ts';

describe('URIs of upstreams', () => {
  const prefixed = (uri: string) => `git+${uri}`;
  const odd = { content: 'text', messages: 1, contents: null };

  it('are rewritten wherever a client may follow them, and nothing else is touched [SP-5]', () => {
    const link = { type: 'resource_link', uri: 'a://1', name: 'one' };
    const embedded = { type: 'resource', resource: { uri: 'a://2', text: 'x' } };
    const content = [link, embedded, { type: 'text', text: 'a://1' }, 'odd'];
    expect(withWireUris('tool', { content }, prefixed)).toEqual({
      content: [
        { ...link, uri: 'git+a://1' },
        { type: 'resource', resource: { uri: 'git+a://2', text: 'x' } },
        { type: 'text', text: 'a://1' },
        'odd',
      ],
    });
    const messages = [{ role: 'user', content: [link] }, { role: 'user', content: embedded }, 'odd'];
    expect(withWireUris('prompt', { messages }, prefixed)).toEqual({
      messages: [
        { role: 'user', content: [{ ...link, uri: 'git+a://1' }] },
        { role: 'user', content: { type: 'resource', resource: { uri: 'git+a://2', text: 'x' } } },
        'odd',
      ],
    });
    expect(withWireUris('read', { contents: [{ uri: 'a://1' }, 5] }, prefixed)).toEqual({
      contents: [{ uri: 'git+a://1' }, 5],
    });
    for (const operation of ['tool', 'prompt', 'read', 'complete'] as const)
      expect(withWireUris(operation, odd, prefixed)).toEqual(odd);
  });
});
