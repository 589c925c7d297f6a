import { expect, it } from 'vitest';
import { httpUpstream } from '../../config/schema.ts';
import type { Principal } from '../../kernel/principal.ts';
import { answerRedactor } from './secrets.ts';
import { createSentCredentials } from './sent.ts';
import type { CredentialsPort, Declaration } from './types.ts';

const settings = httpUpstream.parse({ url: 'https://mcp.example' });
const declaration: Declaration = { org: 'default', name: 'tickets', source: 'file', settings };
const person = (id: string) => ({ id, org: 'default' }) as Principal;
const port: CredentialsPort = {
  isPersonal: () => true,
  authorizerFor: (_, who) => ({
    headers: async () => ({ authorization: `Bearer the-token-of-${who?.id}` }),
    refused: async () => false,
  }),
};
const { signal } = new AbortController();

it('knows what went out until nobody can be answered with it any more, and never more than so much [AC-5]', async () => {
  let now = 0;
  const sent = createSentCredentials({ now: () => now, graceMs: 1_000 });
  const clean = answerRedactor(declaration, sent.known);
  const send = (id: string) => sent.watching(port).authorizerFor(declaration, person(id))?.headers(signal);
  const answer = { content: [{ type: 'text', text: 'kim the-token-of-kim, robin the-token-of-robin' }] };
  expect(clean(answer)).toBe(answer);
  await send('kim');
  await send('robin');
  expect(JSON.stringify(clean(answer))).toContain('kim ***, robin ***');
  sent.forget('kim'); // a call of theirs may still be under way
  expect(JSON.stringify(clean(answer))).toContain('kim ***, robin ***');
  now = 1_000;
  expect(JSON.stringify(clean(answer))).toContain('kim the-token-of-kim, robin ***');
  await send('kim');
  for (let n = 0; n < 2_000; n++) await send(`caller-${n}`);
  expect(sent.known().length).toBeLessThanOrEqual(256);
  expect(sent.known()).toContain('the-token-of-caller-1999');
});
