import { Hono } from 'hono';
import type { Hooks } from '../../capabilities/events/index.ts';
import { HookTooLarge } from '../../capabilities/events/index.ts';
import { readBytes } from '../../platform/http/index.ts';
import type { HttpEnv } from '../http/admission.ts';

/** Where outside senders deliver. Nobody is signed in here: what they send is signed. */
export function createHooksSurface(hooks: Pick<Hooks, 'receive' | 'maxBytes'>): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.post('/hooks/:source', async (c) => {
    const maxBytes = hooks.maxBytes();
    const body = await readBytes(c.req.raw, maxBytes);
    if (!body) throw HookTooLarge({ maxBytes });
    const how = await hooks.receive(c.req.param('source'), (name) => c.req.header(name), body);
    return c.json({ [how]: true }, how === 'accepted' ? 202 : 200);
  });
  return app;
}
