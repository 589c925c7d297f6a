import { expect, it } from 'vitest';
import { withoutOurMeta } from './meta.ts';

it('lets no provider speak in our name [SP-5]', () => {
  const theirs = { a: 1, _meta: { 'ui/resourceUri': 'ui://x' } };
  expect(withoutOurMeta(theirs)).toBe(theirs);
  expect(withoutOurMeta({ a: 1 })).toEqual({ a: 1 });
  const spoofed = { a: 1, _meta: { 'dev.fairlead/callId': 'x', 'io.modelcontextprotocol/serverInfo': {}, kept: true } };
  expect(withoutOurMeta(spoofed)).toEqual({ a: 1, _meta: { kept: true } });
  expect(withoutOurMeta({ a: 1, _meta: { 'dev.fairlead/status': 'quarantined' } })).toEqual({ a: 1 });
});
